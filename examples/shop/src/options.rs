//! Reads the command line.

/// What the program is to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Drive the shop for this long, and show what came out.
    Load {
        seconds: u64,
        /// In turns with nobody who watches the cache, and with everything that may.
        is_watched: bool,
    },
    /// Look into the caches: the arguments are a command of `cache_diesel::manage`.
    Manage { arguments: Vec<String> },
    /// Serve it until somebody ends it.
    Serve,
}

/// What was said on the command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) command: Command,
    /// A file of SQLite; `None`: one that is gone at the end.
    pub(crate) database: Option<String>,
    /// `None`: the cache is in memory.
    pub(crate) redis: Option<String>,
    pub(crate) port: u16,
}

const HELP: &str = "shop [--database FILE] [--redis URL] [--port NUMBER]
shop load [--seconds NUMBER] [--watched] [--database FILE] [--redis URL]
shop [--database FILE] [--redis URL] manage COMMAND..";

impl Options {
    /// # Errors
    ///
    /// Returns what to tell the user.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { command: Command::Serve, database: None, redis: None, port: 8000 };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            if argument == "load" {
                options.command = Command::Load { seconds: 20, is_watched: false };
                continue;
            }
            if argument == "manage" {
                options.command = Command::Manage { arguments: arguments.collect() };
                return Ok(options);
            }
            if argument == "--help" {
                return Err(HELP.to_owned());
            }
            if let ("--watched", Command::Load { is_watched, .. }) = (&*argument, &mut options.command) {
                *is_watched = true;
                continue;
            }
            let value = arguments.next().ok_or_else(|| format!("`{argument}` lacks its value\n{HELP}"))?;
            let unfit = |_| format!("`{value}` is no value of `{argument}`\n{HELP}");
            match (&*argument, &mut options.command) {
                ("--database", _) => options.database = Some(value),
                ("--redis", _) => options.redis = Some(value),
                ("--port", _) => options.port = value.parse().map_err(unfit)?,
                ("--seconds", Command::Load { seconds, .. }) => *seconds = value.parse().map_err(unfit)?,
                _ => return Err(format!("`{argument}` is not known\n{HELP}")),
            }
        }
        Ok(options)
    }
}
