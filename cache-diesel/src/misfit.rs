//! Limits the compiler to the first error of a type that does not fit.
//!
//! The compiler reports every bound that does not hold, and takes the one impl that there is for the right one even if its
//! bounds do not hold: of a filter on a wrong table it says so, and then that the read cannot run. With a second impl
//! that never holds it has to find out which, and what was to follow from it has no type: nothing is said of that.

/// What no type is.
pub trait Never {}

/// Marks what is as it has to be.
#[derive(Debug)]
pub struct Fits;

/// Marks what is not.
#[derive(Debug)]
pub struct Misfit;
