//! Takes connection URLs apart.

#[cfg(any(feature = "mysql", all(feature = "postgres", test)))]
use crate::identity::address::DatabaseAddress;

/// The parts of `scheme://user:password@hosts/database?parameters`, as they are written.
#[cfg(any(feature = "mysql", feature = "postgres"))]
#[derive(Clone, Debug, Default)]
pub(super) struct ServerUrl<'a> {
    pub(super) user: Option<&'a str>,
    pub(super) hosts: &'a str,
    pub(super) database: Option<&'a str>,
    pub(super) parameters: Vec<(&'a str, &'a str)>,
}

#[cfg(any(feature = "mysql", feature = "postgres"))]
impl<'a> ServerUrl<'a> {
    /// As the standard for URLs has it, which Diesel reads MySQL's by; `None` if it was written in an unusual way.
    #[cfg(feature = "mysql")]
    pub(super) fn of_standard(url: &'a str) -> Option<Self> {
        let (_, rest) = url.split_once("://")?;
        let rest = rest.split('#').next().unwrap_or_default();
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (credentials, hosts) =
            authority.rsplit_once('@').map_or((None, authority), |(credentials, hosts)| (Some(credentials), hosts));
        let is_plain = |byte: u8| (byte.is_ascii_graphic() || !byte.is_ascii()) && !matches!(byte, b'/' | b'\\' | b'.');
        let parts = Self::of_parts(credentials, hosts, database, query);
        database.bytes().all(is_plain).then_some(parts).filter(|_| !database.to_ascii_lowercase().contains("%2e"))
    }

    /// As libpq reads it: what ends at the first `@` are the credentials, and there are no fragments.
    #[cfg(feature = "postgres")]
    pub(super) fn of_libpq(url: &'a str) -> Option<Self> {
        let (_, rest) = url.split_once("://")?;
        let end = rest.find(['@', '/']).filter(|end| rest.as_bytes().get(*end) == Some(&b'@'));
        let (credentials, rest) = end.map_or((None, rest), |end| (Some(&rest[..end]), &rest[end + 1..]));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (hosts, database) = rest.split_once('/').unwrap_or((rest, ""));
        Some(Self::of_parts(credentials, hosts, database, query))
    }

    fn of_parts(credentials: Option<&'a str>, hosts: &'a str, database: &'a str, query: &'a str) -> Self {
        let user = credentials.map(|credentials| credentials.split(':').next().unwrap_or_default());
        let parameters = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        Self {
            user: user.filter(|user| !user.is_empty()),
            hosts,
            database: Some(database).filter(|database| !database.is_empty()),
            parameters,
        }
    }

    /// Puts its parts, but for passwords, to what each is for: a parameter that `is_route` says how the database is
    /// reached, and what is not known may change what is read.
    #[cfg(any(feature = "mysql", test))]
    pub(super) fn parted(&self, is_route: impl Fn(&str) -> bool, to: DatabaseAddress) -> DatabaseAddress {
        let mut address = DatabaseAddress {
            route: format!("{:?} {:?}", self.hosts, self.database),
            user: format!("{:?}", self.user),
            ..to
        };
        for (name, value) in &self.parameters {
            let plain = name.to_ascii_lowercase();
            let part = if is_route(&plain) { &mut address.route } else { &mut address.session };
            if !plain.contains("password") {
                part.push_str(&format!(" {name:?}={value:?}"));
            }
        }
        address
    }
}

#[cfg(any(feature = "postgres", feature = "mysql", feature = "sqlite"))]
pub(super) fn percent_decoded(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..2).and_then(|digits| str::from_utf8(digits).ok());
        let value = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *first == b'%');
        decoded.push(value.unwrap_or(*first));
        rest = if value.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
