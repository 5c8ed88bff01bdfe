//! Drives a headless Chromium: its mouse, its keys and its eyes, by messages over a pipe.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// What the program may be called.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// The pipe is behind the descriptors 3 and 4. A shell puts it there.
const PIPED: &str = r#"exec "$0" "$@" 3<&0 4>&1 0</dev/null 1>/dev/null"#;

/// Nothing takes longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser that runs. It ends with the test.
pub(crate) struct Browser {
    process: Child,
    orders: ChildStdin,
    messages: Receiver<Value>,
    /// Of the last order.
    number: u64,
    /// What its consoles say.
    console: Vec<String>,
    _profile: TempDir,
}

impl Browser {
    /// A browser; `None`, and a reason is printed, if there is none here. Where one is required, there has to be one.
    pub(crate) fn start() -> Option<Self> {
        let is_there = |name: &&str| Command::new(name).arg("--version").output().is_ok();
        let Some(name) = NAMES.into_iter().find(is_there) else {
            let is_required = std::env::var("CACHE_DIESEL_TEST_BROWSER").is_ok_and(|said| said == "required");
            assert!(!is_required, "no chromium is here, and `CACHE_DIESEL_TEST_BROWSER` requires one");
            eprintln!("skipped: there is no chromium here");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        let folder = format!("--user-data-dir={}", profile.path().display());
        let said = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"];
        let mut process = Command::new("sh")
            .args(["-c", PIPED, name, "--remote-debugging-pipe", "--no-first-run", &folder])
            .args(said)
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (orders, answers) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            for message in BufReader::new(answers).split(0) {
                let Ok(message) = message else { return };
                if sender.send(serde_json::from_slice(&message).unwrap()).is_err() {
                    return;
                }
            }
        });
        Some(Self { process, orders, messages, number: 0, console: Vec::new(), _profile: profile })
    }

    /// An empty tab.
    pub(crate) fn tab(&mut self) -> Tab {
        let target = self.order("", "Target.createTarget", &json!({"url": "about:blank"}))["targetId"].clone();
        let attached = self.order("", "Target.attachToTarget", &json!({"targetId": target, "flatten": true}));
        let session = attached["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Log"] {
            self.order(&session, &format!("{domain}.enable"), &json!({}));
        }
        let tab = Tab(session);
        tab.resize(self, 1280, 900);
        tab
    }

    /// What the consoles say that is an error or a warning.
    pub(crate) fn console(&self) -> &[String] {
        &self.console
    }

    /// What comes of an order.
    pub(crate) fn order(&mut self, session: &str, method: &str, parameters: &Value) -> Value {
        self.try_order(session, method, parameters).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// The same; an error of the browser's, such as that a page is being left.
    fn try_order(&mut self, session: &str, method: &str, parameters: &Value) -> Result<Value, Value> {
        self.number += 1;
        let number = self.number;
        let mut order = json!({"id": number, "method": method, "params": parameters});
        if !session.is_empty() {
            order["sessionId"] = session.into();
        }
        self.orders.write_all(format!("{order}\0").as_bytes()).unwrap();
        loop {
            let mut message = self.messages.recv_timeout(PATIENCE).expect("the browser answers");
            if message["id"] != number {
                self.listen(&message);
                continue;
            }
            let error = message["error"].take();
            return if error.is_null() { Ok(message["result"].take()) } else { Err(error) };
        }
    }

    fn listen(&mut self, event: &Value) {
        let parameters = &event["params"];
        let kind = match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => "error",
            Some("Runtime.consoleAPICalled") => parameters["type"].as_str().unwrap_or_default(),
            Some("Log.entryAdded") => parameters["entry"]["level"].as_str().unwrap_or_default(),
            _ => return,
        };
        if ["error", "warning", "assert"].contains(&kind) {
            self.console.push(parameters.to_string());
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A tab of a browser.
pub(crate) struct Tab(String);

impl Tab {
    pub(crate) fn go(&self, browser: &mut Browser, url: &str) {
        let gone = self.order(browser, "Page.navigate", json!({"url": url}));
        assert!(gone["errorText"].is_null(), "{url}: {gone}");
        self.until(browser, "document.readyState === 'complete'");
    }

    /// Asks for the page anew.
    pub(crate) fn reload(&self, browser: &mut Browser) {
        self.lead(browser, |tab, browser| drop(tab.order(browser, "Page.reload", json!({}))));
    }

    pub(crate) fn order(&self, browser: &mut Browser, method: &str, parameters: Value) -> Value {
        browser.order(&self.0, method, &parameters)
    }

    /// What a script gives.
    pub(crate) fn ask(&self, browser: &mut Browser, script: &str) -> Value {
        self.try_ask(browser, script).unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    fn try_ask(&self, browser: &mut Browser, script: &str) -> Result<Value, Value> {
        let parameters = json!({"expression": script, "returnByValue": true, "awaitPromise": true});
        let mut given = browser.try_order(&self.0, "Runtime.evaluate", &parameters)?;
        if given["exceptionDetails"].is_null() { Ok(given["result"]["value"].take()) } else { Err(given) }
    }

    /// The text that is seen of an element.
    pub(crate) fn text(&self, browser: &mut Browser, selector: &str) -> String {
        let script = format!("document.querySelector({})?.innerText ?? ''", json!(selector));
        self.ask(browser, &script).as_str().unwrap().to_owned()
    }

    /// Waits until a script says yes.
    pub(crate) fn until(&self, browser: &mut Browser, script: &str) {
        let began = Instant::now();
        while !self.try_ask(browser, &format!("Boolean({script})")).is_ok_and(|said| said == true) {
            if began.elapsed() > PATIENCE {
                panic!("never: {script}\n{}", self.text(browser, "body"));
            }
            sleep(Duration::from_millis(20));
        }
    }

    /// Clicks into the middle of an element: what lies on it there is what is clicked.
    pub(crate) fn click(&self, browser: &mut Browser, selector: &str) {
        let script = format!(
            "(() => {{
                const element = document.querySelector({});
                element.scrollIntoView({{block: 'center', behavior: 'instant'}});
                const box = element.getBoundingClientRect();
                const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
                const top = document.elementFromPoint(x, y);
                return {{x, y, isSeen: element === top || element.contains(top) || top.contains(element)}};
            }})()",
            json!(selector)
        );
        let place = self.ask(browser, &script);
        assert_eq!(place["isSeen"], true, "something lies on {selector}");
        let mouse = |kind: &str, count: u8| json!({"type": kind, "x": place["x"], "y": place["y"], "button": "left", "clickCount": count});
        for (kind, count) in [("mouseMoved", 0), ("mousePressed", 1), ("mouseReleased", 1)] {
            self.order(browser, "Input.dispatchMouseEvent", mouse(kind, count));
        }
    }

    /// Clicks, and waits for the page that this leads to.
    pub(crate) fn follow(&self, browser: &mut Browser, selector: &str) {
        self.lead(browser, |tab, browser| tab.click(browser, selector));
    }

    /// Does what leads to another page, and waits for it.
    pub(crate) fn lead(&self, browser: &mut Browser, work: impl FnOnce(&Self, &mut Browser)) {
        self.ask(browser, "window.isLeft = true");
        work(self, browser);
        self.until(browser, "!window.isLeft && document.readyState === 'complete'");
    }

    /// Clicks into a field, and types in the place of what it holds.
    pub(crate) fn fill(&self, browser: &mut Browser, name: &str, text: &str) {
        self.click(browser, &format!("[name={name}]"));
        self.ask(browser, "document.activeElement.select()");
        self.write(browser, text);
    }

    pub(crate) fn write(&self, browser: &mut Browser, text: &str) {
        self.order(browser, "Input.insertText", json!({"text": text}));
    }

    /// Presses a key.
    pub(crate) fn press(&self, browser: &mut Browser, key: &str) {
        let (code, text) = match key {
            "Enter" => (13, "\r"),
            "Tab" => (9, ""),
            letter => (i32::from(letter.to_ascii_uppercase().as_bytes()[0]), letter),
        };
        let kind = if text.is_empty() { "rawKeyDown" } else { "keyDown" };
        let down = json!({"type": kind, "key": key, "windowsVirtualKeyCode": code, "text": text});
        self.order(browser, "Input.dispatchKeyEvent", down);
        self.order(
            browser,
            "Input.dispatchKeyEvent",
            json!({"type": "keyUp", "key": key, "windowsVirtualKeyCode": code}),
        );
    }

    pub(crate) fn resize(&self, browser: &mut Browser, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.order(browser, "Emulation.setDeviceMetricsOverride", size);
    }

    /// By day or by night: `light`, `dark`.
    pub(crate) fn set_scheme(&self, browser: &mut Browser, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.order(browser, "Emulation.setEmulatedMedia", features);
    }

    /// The number of a tile of the panel.
    pub(crate) fn tile(&self, browser: &mut Browser, name: &str) -> u64 {
        let script = format!(
            "Number([...document.querySelectorAll('.tiles div')].find(tile => tile.innerText.includes({}))
                .querySelector('dd').innerText)",
            json!(name)
        );
        self.ask(browser, &script).as_u64().unwrap()
    }
}
