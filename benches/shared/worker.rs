//! Processes of the benchmark's own: what each is told, and what it says.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::load::Load;
use crate::shop::Servers;
use crate::{crowd, mixed};

/// What a process does.
pub enum Errand {
    /// Many readers of one cold key, on the cache with these keys.
    Crowd { prefix: String },
    /// Reads and writes for so many seconds in each phase.
    Mixed { way: mixed::Way, load: Load, prefix: String, seconds: f64 },
}

impl Errand {
    pub fn read(arguments: &[String]) -> Option<Self> {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match words[..] {
            ["worker", "crowd", prefix] => Some(Self::Crowd { prefix: prefix.to_owned() }),
            ["worker", "mixed", way, load, prefix, seconds] => Some(Self::Mixed {
                way: mixed::Way::named(way),
                load: Load::named(load),
                prefix: prefix.to_owned(),
                seconds: seconds.parse().unwrap(),
            }),
            _ => None,
        }
    }

    fn words(&self) -> Vec<String> {
        match self {
            Self::Crowd { prefix } => vec!["worker".into(), "crowd".into(), prefix.clone()],
            Self::Mixed { way, load, prefix, seconds } => {
                let words = ["worker", "mixed", way.name(), load.name, prefix, &seconds.to_string()];
                words.map(str::to_owned).to_vec()
            }
        }
    }

    /// Runs in a process of its own.
    pub fn run(self) {
        let servers = Servers::of_environment();
        match self {
            Self::Crowd { prefix } => crowd::work(&servers, &prefix),
            Self::Mixed { way, load, prefix, seconds } => mixed::work(&servers, (way, load), &prefix, seconds),
        }
    }
}

/// Says that this process is ready, and waits until all are.
pub fn wait_for_the_others() {
    println!("ready");
    std::io::stdout().flush().unwrap();
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

/// What `count` processes say that begin together: the numbers of each one's last line.
pub fn together(count: usize, errand: &Errand) -> Vec<Vec<f64>> {
    let program = std::env::current_exe().unwrap();
    let mut processes: Vec<(Child, ChildStdin, BufReader<_>)> = (0..count)
        .map(|_| {
            let mut command = Command::new(&program);
            let mut child = command.args(errand.words()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let (stdin, stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
            (child, stdin, stdout)
        })
        .collect();
    let line = |stdout: &mut BufReader<_>| {
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        line
    };
    for (_, _, stdout) in &mut processes {
        assert_eq!(line(stdout).trim(), "ready");
    }
    for (_, stdin, _) in &mut processes {
        writeln!(stdin).unwrap();
    }
    let said = processes.iter_mut().map(|(_, _, stdout)| line(stdout));
    let numbers = said.map(|line| line.split_whitespace().map(|word| word.parse().unwrap()).collect()).collect();
    for (mut child, _, _) in processes {
        assert!(child.wait().unwrap().success());
    }
    numbers
}
