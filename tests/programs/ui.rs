//! Programs that the derive and the managers accept, and programs that they refuse, with what they say.
//!
//! `TRYBUILD=overwrite cargo test -p programs` writes the messages anew: read the difference.

#[test]
fn programs() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}
