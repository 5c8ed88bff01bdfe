//! Behaviour on real databases and stores; see the test targets.
