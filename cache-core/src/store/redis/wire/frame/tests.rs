//! Tests that replies are split and read as the client's parser does it.

use redis::Value;

use super::*;

/// How long the first thing is, if it is all there.
fn length(bytes: &[u8]) -> Option<Option<usize>> {
    let mut scan = Scan::default();
    scan.goes_to_the_end(bytes).map(|is_whole| is_whole.then_some(scan.at))
}

#[test]
fn what_a_server_says_ends_where_its_last_part_does() {
    let whole: [&[u8]; 12] = [
        b"+PONG\r\n",
        b"-ERR no\r\n",
        b":1\r\n",
        b"_\r\n",
        b"$3\r\n\r\n!\r\n",
        b"$-1\r\n",
        b"$0\r\n\r\n",
        b"=8\r\ntxt:a\r\nb\r\n",
        b"*-1\r\n",
        b">2\r\n$10\r\ninvalidate\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n",
        b"%1\r\n+a\r\n*1\r\n:1\r\n",
        b"|1\r\n+a\r\n:1\r\n+PONG\r\n",
    ];
    for bytes in whole {
        let shown = bytes.escape_ascii();
        assert_eq!(length(bytes), Some(Some(bytes.len())), "{shown}");
        assert_eq!(length(&[bytes, b"+more\r\n"].concat()), Some(Some(bytes.len())), "{shown}");
        let mut scan = Scan::default();
        for short in 0..bytes.len() {
            assert_eq!(length(&bytes[..short]), Some(None), "{short} bytes of {shown}");
            assert_eq!(scan.goes_to_the_end(&bytes[..short]), Some(false), "{short} bytes of {shown}, one by one");
        }
        assert_eq!((scan.goes_to_the_end(bytes), scan.at), (Some(true), bytes.len()), "{shown}");
    }
}

#[test]
fn what_is_read_here_says_what_the_parser_of_the_client_makes_of_it() {
    let replies: [&[u8]; 19] = [
        b":-17\r\n",
        b"$3\r\n\r\n!\r\n",
        b"$-1\r\n",
        b"$0\r\n\r\n",
        b"*-1\r\n",
        b"*0\r\n",
        b"*3\r\n$1\r\na\r\n$-1\r\n:2\r\n",
        b"*2\r\n*1\r\n$2\r\n\r\n\r\n*0\r\n",
        b"*2\r\n$1\r\na\r\n-ERR no\r\n",
        b"+OK\r\n",
        b"_\r\n",
        b"*2\r\n+OK\r\n_\r\n",
        b"+PONG\r\n",
        b"-ERR no such thing\r\n",
        b"-NOSCRIPT\r\n",
        b"=8\r\ntxt:a\r\nb\r\n",
        b">2\r\n$10\r\ninvalidate\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n",
        b"%1\r\n+a\r\n*1\r\n:1\r\n",
        b"|1\r\n+a\r\n:1\r\n+PONG\r\n",
    ];
    assert_eq!(read(&mut &b"*1\r\n*1\r\n*1\r\n*1\r\n*0\r\n"[..], DEEPEST), None, "nobody asks for it");
    for bytes in replies {
        let known = redis::parse_redis_value(bytes).unwrap();
        let known = reply(known);
        assert_eq!(read(&mut &*bytes, DEEPEST), Some(known), "{}", bytes.escape_ascii());
    }
}

#[test]
fn texts_that_are_taken_as_they_lie_are_those_of_the_list() {
    let taken = |bytes: &[u8]| {
        let mut taken = Vec::new();
        let take = |text: Option<&[u8]>| taken.push(text.map_or(Reply::Nothing, |text| Reply::Text(text.into())));
        texts(&mut &*bytes, take).map(|()| Reply::List(taken))
    };
    for bytes in [&b"*3\r\n$1\r\na\r\n$-1\r\n$4\r\n\r\n\r\n\r\n"[..], b"*2\r\n_\r\n$0\r\n\r\n", b"*0\r\n"] {
        assert_eq!(taken(bytes), read(&mut &*bytes, DEEPEST), "{}", bytes.escape_ascii());
        assert!(taken(bytes).is_some());
    }
    for bytes in [&b"*2\r\n$1\r\na\r\n:2\r\n"[..], b"*-1\r\n", b"$1\r\na\r\n", b"-ERR no\r\n", b">1\r\n$1\r\na\r\n"] {
        assert_eq!(taken(bytes), None, "{}", bytes.escape_ascii());
    }
}

#[test]
fn names_that_have_changed_are_taken_from_that_push_alone() {
    let taken = |bytes: &[u8]| {
        let mut taken = Vec::new();
        let take = |name: Option<&[u8]>| taken.push(name.map(<[u8]>::to_vec));
        changed(&mut &*bytes, take).map(|()| taken)
    };
    let names = taken(b">2\r\n$10\r\ninvalidate\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n");
    assert_eq!(names, Some(vec![Some(b"a".to_vec()), Some(b"b".to_vec())]));
    let others: [&[u8]; 5] = [
        b">2\r\n$10\r\ninvalidate\r\n_\r\n",
        b">2\r\n$10\r\ninvalidate\r\n*-1\r\n",
        b">2\r\n$10\r\nsubscribed\r\n*1\r\n$1\r\na\r\n",
        b"*2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n",
        b"+PONG\r\n",
    ];
    for bytes in others {
        assert_eq!(taken(bytes), None, "{}", bytes.escape_ascii());
    }
}

fn reply(known: Value) -> Reply {
    let list = |values: Vec<Value>| values.into_iter().map(reply).collect();
    match known {
        Value::Nil => Reply::Nothing,
        Value::Int(number) => Reply::Number(number),
        Value::Okay => Reply::Okay,
        Value::SimpleString(text) => Reply::Status(text.into_bytes().into()),
        Value::BulkString(text) => Reply::Text(text.into()),
        Value::VerbatimString { text, .. } => Reply::Text(text.into_bytes().into()),
        Value::Array(values) | Value::Set(values) => Reply::List(list(values)),
        Value::Map(pairs) => {
            Reply::List(pairs.into_iter().flat_map(|(key, value)| [reply(key), reply(value)]).collect())
        }
        Value::Push { kind, data } => Reply::Push(
            [Reply::Text(kind.to_string().into_bytes().into())]
                .into_iter()
                .chain(data.into_iter().map(reply))
                .collect(),
        ),
        Value::Attribute { data, .. } => reply(*data),
        Value::ServerError(error) => {
            let details = error.details().map(|details| format!(" {details}")).unwrap_or_default();
            Reply::Error(Refusal::of(format!("{}{details}", error.code()).as_bytes()))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_no_server_says_has_no_end() {
    for bytes in [&b"PONG\r\n"[..], b"$x\r\n", b"*-2\r\n", b"\r\n", b"$99999999999999999999999\r\n"] {
        assert_eq!(length(bytes), None, "{}", bytes.escape_ascii());
    }
}
