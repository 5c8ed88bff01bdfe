//! Asks a site over a connection, as browsers do.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::mpsc::channel;
use std::thread;

use axum::Router;
use tokio::net::TcpListener;

/// A connection to a site that is served by a thread of its own.
pub struct Wire {
    stream: BufReader<TcpStream>,
    request: String,
    line: String,
    body: Vec<u8>,
}

impl Wire {
    /// `etag`: of the page that the client has.
    pub fn to(site: Router, etag: Option<&str>) -> Self {
        let stream = TcpStream::connect(serve(site)).unwrap();
        stream.set_nodelay(true).unwrap();
        let known = etag.map(|etag| format!("if-none-match: {etag}\r\n")).unwrap_or_default();
        let request = format!("GET / HTTP/1.1\r\nhost: shop\r\n{known}\r\n");
        Self { stream: BufReader::new(stream), request, line: String::new(), body: Vec::new() }
    }

    /// Asks, and reads the answer.
    pub fn ask(&mut self) {
        self.stream.get_mut().write_all(self.request.as_bytes()).unwrap();
        let mut length = 0;
        loop {
            self.line.clear();
            self.stream.read_line(&mut self.line).unwrap();
            if let Some(said) = self.line.strip_prefix("content-length: ") {
                length = said.trim().parse().unwrap();
            }
            if self.line == "\r\n" {
                break;
            }
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).unwrap();
    }
}

fn serve(site: Router) -> SocketAddr {
    let (told, address) = channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            told.send(listener.local_addr().unwrap()).unwrap();
            axum::serve(axum::serve::ListenerExt::tap_io(listener, |stream| drop(stream.set_nodelay(true))), site)
                .await
                .unwrap();
        });
    });
    address.recv().unwrap()
}
