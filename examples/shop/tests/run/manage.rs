//! Looks into the caches of a shop with its own commands, each as a process.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Output, Stdio};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use crate::shop::Shop;

/// A database and a cache in a file that processes share.
struct Place {
    folder: TempDir,
}

impl Place {
    /// One that a shop has filled and left.
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        drop(place.shop());
        place
    }

    fn shop(&self) -> Shop {
        Shop::start(&["--database", &self.database(), "--redis", &self.cache()])
    }

    fn database(&self) -> String {
        self.folder.path().join("shop.sqlite").display().to_string()
    }

    fn cache(&self) -> String {
        format!("sqlite://{}?prefix=shop", self.folder.path().join("shop.cache").display())
    }

    /// A command, where nobody looks and nobody can be asked.
    fn command(&self, cache: &str, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shop"));
        command.args(["--database", &self.database(), "--redis", cache, "manage"]).args(line.split_whitespace());
        command.stdin(Stdio::null());
        command
    }

    fn manage(&self, line: &str) -> Output {
        self.command(&self.cache(), line).output().unwrap()
    }

    /// What a command answers, which has to end with `code`.
    #[track_caller]
    fn answer(&self, line: &str, code: i32) -> Value {
        let output = self.manage(line);
        assert_eq!(output.status.code(), Some(code), "{line}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{line}: {error}: {output:?}"))
    }

    /// What a command says of why it was not carried out.
    #[track_caller]
    fn refusal(&self, line: &str) -> String {
        let output = self.manage(line);
        assert_eq!((output.status.code(), &*output.stdout), (Some(2), &b""[..]), "{line}: {output:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

#[test]
fn rows_are_warmed_shown_explained_and_cleared() {
    let place = Place::new();
    assert_eq!(place.answer("show products 1", 0)["served"], false);
    let warmed = place.answer("warm products 1 2 3 999 --at-once 2", 0);
    assert_eq!((&warmed["asked"], &warmed["cached"]), (&4.into(), &3.into()));
    let warmed = place.answer("warm products", 0);
    assert_eq!((&warmed["asked"], &warmed["cached"]), (&60.into(), &60.into()));

    let warmed = place.answer("warm products --from 41", 0);
    assert_eq!((&warmed["asked"], &warmed["cached"]), (&20.into(), &20.into()));
    let warmed = place.answer("warm categories --list by-name", 0);
    assert_eq!((&warmed["list"], &warmed["cached"]), (&"by-name".into(), &6.into()));

    let shown = place.answer("show products 1", 0);
    assert_eq!((&shown["served"], &shown["kind"]), (&true.into(), &"detail".into()));
    assert!(shown["row"].as_str().unwrap().contains("title: \""), "{shown}");
    assert!(shown["entry"]["age_seconds"].as_f64().unwrap() < 60.0, "{shown}");
    assert!(shown["tags"].as_array().unwrap().iter().any(|tag| tag["kind"] == "row"), "{shown}");
    let explained = place.answer("explain products 2", 0);
    assert!(explained["served"] == true && explained.get("row").is_none(), "{explained}");

    let refusal = place.refusal("clear products 1");
    assert!(refusal.contains("nothing was cleared") && refusal.contains("--yes"), "{refusal}");
    assert_eq!(place.answer("show products 1", 0)["served"], true);
    place.answer("clear products 1 --yes", 0);
    assert_eq!(place.answer("show products 1", 0)["served"], false);
    assert_eq!(place.answer("show products 2", 0)["served"], true);
    for everything in ["clear products --yes", "clear --cache default --yes", "clear --all --yes"] {
        place.answer("warm products 2", 0);
        assert_eq!(place.answer("show products 2", 0)["served"], true);
        place.answer(everything, 0);
        assert_eq!(place.answer("show products 2", 0)["served"], false, "{everything}");
    }
    place.answer("clear products --lists --yes", 0);
    place.answer("clear products --list shelf --yes", 0);
}

#[test]
fn what_is_stored_is_listed_checked_and_verified() {
    let place = Place::new();
    let listed = place.answer("list", 0);
    assert_eq!((&listed["caches"][0]["cache"], &listed["caches"][0]["answers"]), (&"default".into(), &true.into()));
    assert!(listed["models"].as_array().unwrap().iter().any(|model| model["manager"] == "products"), "{listed}");
    assert_eq!(place.answer("check", 0)["findings"].as_array().unwrap().len(), 0);

    place.answer("warm products", 0);
    place.answer("warm categories", 0);
    let verified = place.answer("verify", 0);
    assert_eq!((&verified[0]["compared"], &verified[1]["compared"]), (&60.into(), &6.into()), "{verified}");
    let mut conn = SqliteConnection::establish(&place.database()).unwrap();
    conn.batch_execute("PRAGMA busy_timeout = 5000; UPDATE products SET title = 'Unseen' WHERE id = 7").unwrap();
    let verified = place.answer("verify products --grace 50", 1);
    assert_eq!(verified[0]["stale"], serde_json::json!(["7"]));
    assert_eq!(place.answer("verify products 1 2 --grace 50", 0)[0]["compared"], 2);
    place.answer("clear products 7 --yes", 0);
    place.answer("verify --grace 50", 0);
}

#[test]
fn tables_are_for_people() {
    let place = Place::new();
    place.answer("warm products 1", 0);
    let table = |line: &str| String::from_utf8(place.manage(&format!("{line} --table")).stdout).unwrap();
    assert!(table("list").starts_with("`default` answers in "), "{}", table("list"));
    assert!(table("show products 1").contains("\nProduct {\n    id: 1,"), "{}", table("show products 1"));
    assert!(table("verify products").starts_with("products: 60 rows looked for, 1 compared, 0 stale"));
    assert_eq!(table("check"), "nothing is missing\n");
    assert!(table("--help").contains("Usage: manage"), "{}", table("--help"));
}

/// A command on a terminal of its own, in which `typed` is typed: the code, and what is seen there.
fn on_a_terminal(place: &Place, line: &str, typed: &str) -> (Option<i32>, String) {
    let command = place.command(&place.cache(), line);
    let words = [command.get_program()].into_iter().chain(command.get_args());
    let quoted: Vec<String> = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &quoted.join(" "), "/dev/null"]).env("SHELL", "/bin/sh");
    let mut running = terminal.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // It stays open until the command has ended: the end of a file would be typed as well.
    let mut keyboard = running.stdin.take().unwrap();
    keyboard.write_all(typed.as_bytes()).unwrap();
    let mut seen = String::new();
    running.stdout.take().unwrap().read_to_string(&mut seen).unwrap();
    drop(keyboard);
    (running.wait().unwrap().code(), seen.replace("\r\n", "\n"))
}

#[test]
fn a_terminal_shows_tables_and_progress_and_asks_before_it_clears() {
    let place = Place::new();
    let (code, seen) = on_a_terminal(&place, "warm products", "");
    assert_eq!(code, Some(0), "{seen}");
    assert!(seen.contains("##] 60 of 60 rows\n"), "{seen}");
    assert!(seen.ends_with("products: 60 of 60 rows are cached\n"), "{seen}");
    let piped = place.manage("warm products");
    assert!(piped.stderr.is_empty(), "nobody looks: {piped:?}");

    let (code, seen) = on_a_terminal(&place, "list", "");
    assert!(code == Some(0) && seen.starts_with("`default` answers in "), "{seen}");
    let (code, seen) = on_a_terminal(&place, "list --json", "");
    assert!(code == Some(0) && seen.starts_with("{\"caches\":"), "{seen}");

    for refused in ["n\n", "\n"] {
        let (code, seen) = on_a_terminal(&place, "clear products 1", refused);
        assert_eq!(code, Some(2), "{seen}");
        assert!(seen.contains("Clear 1 of `products`, in every manager of its table? [y/N]"), "{seen}");
        assert!(seen.ends_with("nothing was cleared\n"), "{seen}");
        assert_eq!(place.answer("show products 1", 0)["served"], true);
    }
    let (code, seen) = on_a_terminal(&place, "clear products 1", "y\n");
    assert!(code == Some(0) && seen.contains("cleared: 1 of `products`"), "{seen}");
    assert_eq!(place.answer("show products 1", 0)["served"], false);
    let (code, seen) = on_a_terminal(&place, "show product 1", "");
    assert!(code == Some(2) && seen.contains("no manager is called `product`"), "{seen}");
}

/// Presses Ctrl-C, once the command has a handler for it.
fn interrupt(running: &Child) {
    let status = format!("/proc/{}/status", running.id());
    let is_heard = || {
        let status = std::fs::read_to_string(&status).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        u64::from_str_radix(caught.trim(), 16).unwrap() & 2 != 0
    };
    while !is_heard() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(Command::new("kill").args(["-INT", &running.id().to_string()]).status().unwrap().success());
}

#[test]
fn an_interrupted_warming_says_where_to_go_on() {
    let place = Place::new();
    let mut conn = SqliteConnection::establish(&place.database()).unwrap();
    let more = "PRAGMA busy_timeout = 5000; WITH RECURSIVE n (id) AS (SELECT 1000 UNION ALL SELECT id + 1 FROM n WHERE id < 40000)
                INSERT INTO products (id, title, description, category_id, price_cents, stock)
                SELECT id, 'Chair', '', 1, 5, 2 FROM n";
    conn.batch_execute(more).unwrap();
    let mut command = place.command(&place.cache(), "warm products --at-once 1");
    let warming = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It has begun once something is stored.
    while place.answer("show products 1", 0)["served"] == false {}
    interrupt(&warming);
    let output = warming.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(130), true), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    let from = said.trim().strip_prefix("interrupted; go on with `--from ").unwrap().trim_end_matches('`');
    let rest = place.answer(&format!("warm products --from {from}"), 0);
    assert!(rest["asked"].as_u64().unwrap() < 39_061, "{rest} {said}");
}

#[test]
fn watch_ends_by_ctrl_c_and_where_nobody_reads() {
    let place = Place::new();
    let mut command = place.command(&place.cache(), "watch --every 50");
    let watching = command.stdout(Stdio::piped()).spawn().unwrap();
    interrupt(&watching);
    let output = watching.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("\"events\":"), "it ends as it does after its time");

    for line in ["list", "check", "show products 1", "--help", "verify"] {
        let mut command = place.command(&place.cache(), line);
        let mut running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(running.stdout.take());
        let output = running.wait_with_output().unwrap();
        assert!(output.status.code() == Some(0) && output.stderr.is_empty(), "{line}: {output:?}");
    }
}

#[test]
fn a_narrow_terminal_has_a_progress_of_one_line() {
    let place = Place::new();
    let (_, seen) = on_a_terminal(&place, "warm products", "");
    let bars = seen.split(['\r', '\n']).filter(|line| line.starts_with('['));
    let widths: Vec<usize> = bars.map(|line| line.chars().count()).collect();
    // A hundred thousand rows have eight letters more.
    assert!(!widths.is_empty() && widths.iter().all(|width| width + 8 <= 40), "{seen:?}");
}

#[test]
fn a_written_table_is_watched_from_another_process() {
    let place = Place::new();
    place.answer("warm products", 0);
    let mut watching = place.command(&place.cache(), "watch --seconds 3 --every 50 --table");
    let mut watching = watching.stdout(Stdio::piped()).spawn().unwrap();
    let mut shop = place.shop();
    // Something is written for as long as somebody watches, however late it has begun.
    for number in 0.. {
        if watching.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
        let form = format!("title=Chair{number}&description=&category_id=1&price=5&stock=2");
        shop.post_and_follow("/products/1", &form);
    }
    let seen = String::from_utf8(watching.wait_with_output().unwrap().stdout).unwrap();
    assert!(seen.contains("default: written products\n"), "{seen}");
}

#[test]
fn what_is_wrong_is_said_in_a_sentence() {
    let place = Place::new();
    let cases = [
        ("", "requires a subcommand"),
        ("lst", "unrecognized subcommand 'lst'"),
        ("show products", "<KEY>"),
        ("show product 1", "no manager is called `product`, there are: products, categories"),
        ("show products lamp", "`lamp` is no key of `products`"),
        ("clear --cache sessions --yes", "no cache named `sessions`"),
        ("warm products --at-once none", "invalid value 'none'"),
        ("clear products 1 --lists --yes", "cannot be used with"),
        ("explain products", "<KEY>"),
        ("verify product", "no manager is called `product`"),
        ("watch --every 1", "1 is not in 10.."),
        ("show products -1 2", "unexpected argument '2'"),
        ("warm products --from lamp", "`lamp` is no key of `products`"),
        ("warm products --list shelf", "no list of `products` is called `shelf`, there are: none"),
        ("warm categories --list shelf", "no list of `categories` is called `shelf`, there are: by-name"),
    ];
    for (line, part) in cases {
        let said = place.refusal(line);
        assert!(said.contains(part) && said.trim_end().lines().count() == 1, "{line}: {said}");
    }
}

#[test]
fn a_store_that_is_dead_is_said_to_be() {
    let place = Place::new();
    let dead = "redis://127.0.0.1:1/0?prefix=shop";
    let manage = |line: &str| place.command(dead, line).output().unwrap();
    let listed = manage("list");
    assert_eq!(listed.status.code(), Some(1), "{listed:?}");
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed["caches"][0]["answers"], false);
    let lines = [
        "clear --all --yes",
        "clear --cache default --yes",
        "clear categories --list by-name --yes",
        "clear products --lists --yes",
        "clear products --yes",
        "clear products 1 --yes",
        "explain products 1",
        "show products 1",
        "verify",
        "verify products",
        "warm categories --list by-name",
        "warm products 1",
        "watch --seconds 1",
    ];
    for line in lines {
        let output = manage(line);
        assert_eq!(output.status.code(), Some(3), "{line}: {output:?}");
        assert!(output.stdout.is_empty(), "{line}: {output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with("store error while ") && said.lines().count() == 1, "{line}: {said}");
    }
    assert_eq!(manage("check").status.code(), Some(0), "it asks the database alone");
}

#[test]
fn a_database_that_is_not_there_is_said_to_be() {
    let place = Place::new();
    let nowhere = place.folder.path().join("none").join("shop.sqlite").display().to_string();
    let manage = |line: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shop"));
        command.args(["--database", &nowhere, "--redis", &place.cache(), "manage"]).args(line.split_whitespace());
        command.stdin(Stdio::null()).output().unwrap()
    };
    for line in ["check", "clear products 1 --yes", "show products 1", "verify", "warm products", "watch --seconds 1"] {
        let output = manage(line);
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(3), true), "{line}: {output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with("the database does not answer: ") && said.lines().count() == 1, "{line}: {said}");
    }
    assert_eq!(manage("list").status.code(), Some(0), "it asks the stores alone");
    // Another file has no such table.
    let empty = place.folder.path().join("empty.sqlite").display().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_shop"));
    let output = command.args(["--database", &empty, "manage", "warm", "products"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("the database refuses: no such table: products"), "{said}");
}
