//! A pooler of one trick: it gives databases of a server names of its own.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// Listens on a port of 127.0.0.1, and lets whoever asks for one name of a database have another one.
pub struct Pooler {
    port: u16,
}

impl Pooler {
    /// In front of the server on `port`: `asked` becomes `meant`.
    pub fn start(port: u16, asked: &'static str, meant: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                thread::spawn(move || serve(client, port, asked, meant));
            }
        });
        Self { port: own }
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}?sslmode=disable&gssencmode=disable", self.port)
    }
}

fn serve(mut client: TcpStream, port: u16, asked: &str, meant: &str) -> Option<()> {
    let mut server = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let mut length = [0; 4];
    client.read_exact(&mut length).ok()?;
    let mut greeting = vec![0; usize::try_from(u32::from_be_bytes(length)).ok()? - 4];
    client.read_exact(&mut greeting).ok()?;
    let greeting = renamed(&greeting, asked, meant);
    server.write_all(&u32::try_from(greeting.len() + 4).ok()?.to_be_bytes()).ok()?;
    server.write_all(&greeting).ok()?;
    let (mut from, mut to) = (client.try_clone().ok()?, server.try_clone().ok()?);
    thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(std::net::Shutdown::Both);
    });
    let _ = std::io::copy(&mut server, &mut client);
    let _ = client.shutdown(std::net::Shutdown::Both);
    Some(())
}

/// The first message of a client, which is a version and then texts that end with a zero.
fn renamed(greeting: &[u8], asked: &str, meant: &str) -> Vec<u8> {
    let (version, texts) = greeting.split_at(4);
    let mut texts: Vec<Vec<u8>> = texts.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
    if let Some(name) = texts.iter().position(|text| text == b"database")
        && texts[name + 1] == asked.as_bytes()
    {
        texts[name + 1] = meant.into();
    }
    [version, &texts.join(&0)].concat()
}
