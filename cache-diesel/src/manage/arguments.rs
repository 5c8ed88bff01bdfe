//! Reads the command line of the commands.

use core::time::Duration;
use std::ffi::OsString;

use clap::builder::NonEmptyStringValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::manage::answer::Form;
use crate::manage::failure::Failure;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Order {
    Check,
    Clear {
        what: Cleared,
        is_confirmed: bool,
    },
    Explain {
        manager: String,
        key: String,
    },
    /// A text for people who ask how commands are written.
    Help(String),
    List,
    Show {
        manager: String,
        key: String,
    },
    Verify {
        manager: Option<String>,
        keys: Vec<String>,
        grace: Option<Duration>,
    },
    Warm {
        manager: String,
        keys: Vec<String>,
        from: Option<String>,
        at_once: usize,
    },
    WarmList {
        manager: String,
        list: String,
    },
    Watch {
        time: Option<Duration>,
        pause: Duration,
    },
}

/// What is to be cleared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cleared {
    Cache(String),
    Everything,
    List(String, String),
    Lists(String),
    Manager(String),
    Rows(String, Vec<String>),
}

/// The order that `arguments` are, and the form of its answer.
pub(super) fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<(Order, Form), Failure> {
    let arguments = [OsString::from("manage")].into_iter().chain(arguments);
    let matches = match command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) if !error.use_stderr() => return Ok((Order::Help(error.to_string()), Form::Table)),
        Err(error) => return Err(Failure::usage(sentence_of(&error.to_string()))),
    };
    let form = match (matches.get_flag("json"), matches.get_flag("table")) {
        (true, _) => Form::Json,
        (_, true) => Form::Table,
        _ => Form::of_output(),
    };
    let (name, matches) = matches.subcommand().ok_or_else(|| Failure::usage("a command is missing".to_owned()))?;
    Ok((order(name, matches), form))
}

/// What is wrong, without the lines that say how commands are written.
fn sentence_of(said: &str) -> String {
    let paragraphs = said.trim_start_matches("error: ").split("\n\n");
    let parts = paragraphs.filter(|part| !part.starts_with("Usage:") && !part.starts_with("For more information"));
    let in_one_line = |part: &str| part.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let parts: Vec<String> = parts.map(in_one_line).filter(|part| !part.is_empty()).collect();
    format!("{}; `--help` shows how commands are written", parts.join("; "))
}

fn order(name: &str, matches: &ArgMatches) -> Order {
    let text = |id: &str| matches.get_one::<String>(id).cloned();
    let texts = |id: &str| matches.get_many::<String>(id).into_iter().flatten().cloned().collect::<Vec<_>>();
    let manager = || text("MANAGER").unwrap_or_default();
    match name {
        "check" => Order::Check,
        "clear" => Order::Clear { what: cleared(matches), is_confirmed: matches.get_flag("yes") },
        "explain" => Order::Explain { manager: manager(), key: text("KEY").unwrap_or_default() },
        "show" => Order::Show { manager: manager(), key: text("KEY").unwrap_or_default() },
        "verify" => Order::Verify {
            manager: text("MANAGER"),
            keys: texts("KEY"),
            grace: matches.get_one::<u64>("grace").copied().map(Duration::from_millis),
        },
        "warm" => {
            let at_once = matches.get_one::<u16>("at-once").copied().unwrap_or(4).into();
            match text("list") {
                Some(list) => Order::WarmList { manager: manager(), list },
                None => Order::Warm { manager: manager(), keys: texts("KEY"), from: text("from"), at_once },
            }
        }
        "watch" => Order::Watch {
            time: matches.get_one::<u64>("seconds").copied().map(Duration::from_secs),
            pause: Duration::from_millis(matches.get_one("every").copied().unwrap_or(1_000)),
        },
        _ => Order::List,
    }
}

fn cleared(matches: &ArgMatches) -> Cleared {
    let text = |id: &str| matches.get_one::<String>(id).cloned();
    let keys: Vec<String> = matches.get_many::<String>("KEY").into_iter().flatten().cloned().collect();
    match (text("MANAGER"), text("list")) {
        (Some(manager), Some(suffix)) => Cleared::List(manager, suffix),
        (Some(manager), None) if matches.get_flag("lists") => Cleared::Lists(manager),
        (Some(manager), None) if keys.is_empty() => Cleared::Manager(manager),
        (Some(manager), None) => Cleared::Rows(manager, keys),
        (None, _) => text("cache").map_or(Cleared::Everything, Cleared::Cache),
    }
}

fn command() -> Command {
    let flag = |id: &'static str, help: &'static str| Arg::new(id).long(id).action(ArgAction::SetTrue).help(help);
    let manager = || text("MANAGER").help("The manager's name, as `list` shows it");
    let key = || {
        text("KEY")
            .allow_negative_numbers(true)
            .help("The primary key of a row; several columns with a comma between, or as JSON")
    };
    let clear = Command::new("clear")
        .about("Clears rows, lists, a manager, a cache or everything; asks first")
        .args([
            manager(),
            key().num_args(0..),
            text("list").long("list").requires("MANAGER").help("The lists of a suffix"),
        ])
        .mut_arg("list", |list| list.conflicts_with_all(["KEY", "lists"]))
        .arg(flag("lists", "All lists, scopes and counts").requires("MANAGER").conflicts_with("KEY"))
        .arg(flag("all", "Every cache"))
        .args([text("cache").long("cache").help("All of one cache"), flag("yes", "Does not ask")])
        .group(clap::ArgGroup::new("what").args(["MANAGER", "all", "cache"]).required(true));
    let warm = Command::new("warm")
        .about("Loads rows into the cache; without keys all that the database has")
        .args([manager().required(true), key().num_args(0..)])
        .arg(text("from").long("from").value_name("KEY").help("Goes on with this key, in the order of keys"))
        .arg(
            text("list")
                .long("list")
                .value_name("NAME")
                .conflicts_with_all(["KEY", "from", "at-once"])
                .help("A read that the program has named, in place of rows"),
        )
        .arg(number("at-once").value_parser(value_parser!(u16).range(1..=64)).help("So many loads at once; 4"));
    let watch = Command::new("watch")
        .about("Shows misses and invalidations of this process, and tables that any process has written")
        .args([number("seconds").value_parser(value_parser!(u64)).help("Ends after so long")])
        .arg(number("every").value_parser(value_parser!(u64).range(10..)).help("Milliseconds between looks; 1000"));
    let verify = Command::new("verify")
        .about("Compares what is stored of rows with the database; without keys, of all that it has")
        .args([manager(), key().num_args(0..)])
        .arg(
            number("grace").value_parser(value_parser!(u64)).help("Milliseconds that a write may take to its release"),
        );
    Command::new("manage")
        .about("Looks into the caches of this program")
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .args([flag("json", "Answers as JSON, as it does where nobody looks").global(true)])
        .arg(flag("table", "Answers as a table, as it does on a terminal").global(true).conflicts_with("json"))
        .subcommand(Command::new("check").about("Says what the database changes by itself and no model declares"))
        .subcommand(clear)
        .subcommand(of_row("explain", "Says where a row would be read from, and why", [manager(), key()]))
        .subcommand(Command::new("list").about("Lists caches and managers with their statistics"))
        .subcommand(of_row("show", "Shows what is stored of a row", [manager(), key()]))
        .subcommands([verify, warm, watch])
}

fn of_row(name: &'static str, about: &'static str, arguments: [Arg; 2]) -> Command {
    Command::new(name).about(about).args(arguments.map(|argument| argument.required(true)))
}

fn text(id: &'static str) -> Arg {
    Arg::new(id).value_parser(NonEmptyStringValueParser::new())
}

fn number(id: &'static str) -> Arg {
    Arg::new(id).long(id).value_name("NUMBER")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order_of(line: &str) -> Result<Order, Failure> {
        read(line.split_whitespace().map(OsString::from)).map(|(order, _)| order)
    }

    #[test]
    fn a_line_is_an_order() {
        let product = || "product".to_owned();
        let cleared = |what| Order::Clear { what, is_confirmed: false };
        let keys = || vec!["1".to_owned(), "2".to_owned()];
        let cases = [
            ("list", Order::List),
            ("check --json", Order::Check),
            ("show product 1", Order::Show { manager: product(), key: "1".into() }),
            ("explain product -- -1", Order::Explain { manager: product(), key: "-1".into() }),
            ("show product -1", Order::Show { manager: product(), key: "-1".into() }),
            ("clear --all", cleared(Cleared::Everything)),
            ("clear --cache sessions", cleared(Cleared::Cache("sessions".into()))),
            ("clear product", cleared(Cleared::Manager(product()))),
            ("clear product 1 2", cleared(Cleared::Rows(product(), keys()))),
            ("clear product --list active", cleared(Cleared::List(product(), "active".into()))),
            ("clear product --lists", cleared(Cleared::Lists(product()))),
            ("clear product --yes", Order::Clear { what: Cleared::Manager(product()), is_confirmed: true }),
            ("verify --grace 5", Order::Verify { manager: None, keys: vec![], grace: Some(Duration::from_millis(5)) }),
            ("verify product 1 2", Order::Verify { manager: Some(product()), keys: keys(), grace: None }),
            ("warm product --at-once 2", Order::Warm { manager: product(), keys: vec![], from: None, at_once: 2 }),
            (
                "warm product 1 2 --from 2",
                Order::Warm { manager: product(), keys: keys(), from: Some("2".into()), at_once: 4 },
            ),
            ("warm product --list active", Order::WarmList { manager: product(), list: "active".into() }),
            ("watch --seconds 1", Order::Watch { time: Some(Duration::from_secs(1)), pause: Duration::from_secs(1) }),
        ];
        for (line, order) in cases {
            assert_eq!(order_of(line), Ok(order), "{line}");
        }
    }

    #[test]
    fn a_wrong_line_is_refused_in_a_sentence() {
        let cases = [
            ("", "requires a subcommand"),
            ("lst", "unrecognized subcommand 'lst'; `--help` shows how"),
            ("show product", "the following required arguments were not provided: <KEY>; `--help`"),
            ("clear", "required"),
            ("clear --all product", "cannot be used with"),
            ("clear product 1 --list active", "cannot be used with"),
            ("clear product 1 --lists", "cannot be used with"),
            ("clear product --lists --list active", "cannot be used with"),
            ("warm product --at-once 0", "0 is not in 1..=64"),
            ("warm product 1 --list active", "cannot be used with"),
            ("warm product --from 1 --list active", "cannot be used with"),
            ("list --json --table", "cannot be used with"),
        ];
        for (line, part) in cases {
            let failure = order_of(line).unwrap_err();
            assert!(failure.to_string().contains(part), "{line}: {failure}");
            assert_eq!(failure.to_string().lines().count(), 1, "{line}: {failure}");
            assert_eq!(failure.code(), Failure::USAGE);
        }
        assert!(matches!(order_of("--help"), Ok(Order::Help(help)) if help.contains("verify")));
    }
}
