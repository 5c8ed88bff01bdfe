//! Keeps blocks of templates of minijinja.

use core::time::Duration;

use cache_core::KeyBytes;
use minijinja::value::{Kwargs, Rest, Value, ValueKind, ValueOrKwargs, from_args};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State};

use crate::fragment::Fragments;

impl Fragments {
    /// Gives the templates of `environment` the function `cached`, which keeps the block that it is called around:
    ///
    /// ```text
    /// {% call cached("sidebar", user.id, timeout=300) %} .. {% endcall %}
    /// ```
    ///
    /// The name comes first; behind it whatever the block shows that is not read within it: texts, numbers, lists of them.
    /// `timeout` is in seconds. A block that is kept is not run.
    pub fn add_to(&self, environment: &mut Environment<'_>) {
        let fragments = self.clone();
        environment.add_function("cached", move |state: &mut State<'_, '_>, arguments: Rest<ValueOrKwargs>| {
            fragments.block(state, &arguments.into_values())
        });
    }

    fn block(&self, state: &mut State<'_, '_>, arguments: &[Value]) -> Result<Value, Error> {
        let (values, named) = from_args::<(&[Value], Kwargs)>(arguments)?;
        let name = values.first().and_then(Value::as_str).ok_or_else(|| refused("its first argument is a name"))?;
        let block: Option<Value> = named.get("caller")?;
        let seconds: Option<u64> = named.get("timeout").map_err(|_| refused("its `timeout` is a number of seconds"))?;
        named.assert_all_used()?;
        let block =
            block.ok_or_else(|| refused("it stands around a block: `{% call cached(..) %} .. {% endcall %}`"))?;
        // Another template may show the same, and escape it otherwise.
        let escape = state.auto_escape().clone();
        let by = (&escape, values[1..].iter().map(part).collect::<Result<Vec<_>, _>>()?);
        let fragments =
            seconds.map_or_else(|| self.clone(), |seconds| self.clone().timeout(Duration::from_secs(seconds)));
        let text = fragments.render(name, &by, || block.call(state, &[]).map(|text| text.to_string()))?;
        let text = text.to_string();
        Ok(if escape == AutoEscape::None { text.into() } else { Value::from_safe_string(text) })
    }
}

/// A fragment within itself is an error of its template.
pub(super) fn tell_circles() {
    cache_core::tell_circles_by(|circle| {
        Error::new(ErrorKind::InvalidOperation, "`cached` stands in a block that waits for it").with_source(circle)
    });
}

/// What a fragment is different for, as a part of its key.
fn part(value: &Value) -> Result<KeyBytes, Error> {
    let kind = value.kind();
    match kind {
        // A text that counts as safe is shown as it is.
        ValueKind::None | ValueKind::Bool | ValueKind::Number | ValueKind::String => {
            Ok(KeyBytes::of(&(kind.to_string(), value.is_safe(), value.to_string())))
        }
        ValueKind::Bytes => Ok(KeyBytes::of(&(kind.to_string(), value.as_bytes()))),
        ValueKind::Seq => {
            let parts = value.try_iter()?.map(|item| part(&item)).collect::<Result<Vec<_>, _>>()?;
            Ok(KeyBytes::of(&(kind.to_string(), parts)))
        }
        // Whoever misspells the user's name would show one user's block to all.
        ValueKind::Undefined => Err(refused("one of its arguments is undefined")),
        _ => Err(refused(&format!("a {kind} cannot be a part of its key: texts, numbers and lists of them can"))),
    }
}

fn refused(why: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("`cached`: {why}"))
}
