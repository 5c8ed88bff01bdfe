//! Statements that control transactions.

use super::{Case, check, said};

#[test]
fn transactions_are_told_apart() {
    check(TRANSACTIONS, said);
}

pub(super) const TRANSACTIONS: &[Case] = &[
    ("mps", "BEGIN", "Begin"),
    ("mp", "BEGIN WORK", "Begin"),
    ("s", "BEGIN IMMEDIATE TRANSACTION", "Begin"),
    ("s", "BEGIN EXCLUSIVE", "Begin"),
    ("p", "BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE READ ONLY NOT DEFERRABLE", "Begin"),
    ("p", "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE", "Begin"),
    ("mp", "START TRANSACTION", "Begin"),
    ("m", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", "Begin"),
    ("m", "START REPLICA", "unknown"),
    ("mps", "COMMIT", "Commit"),
    ("ps", "END TRANSACTION", "Commit"),
    ("s", "COMMIT TRANSACTION 'a'", "Commit"),
    ("m", "END", "unknown"),
    ("mp", "COMMIT AND CHAIN", "CommitAndChain"),
    ("mp", "COMMIT WORK AND NO CHAIN", "Commit"),
    ("m", "COMMIT AND NO CHAIN RELEASE", "Commit"),
    ("m", "COMMIT NO RELEASE", "Commit"),
    ("p", "COMMIT PREPARED 'a'", "unknown"),
    ("mps", "ROLLBACK", "Rollback"),
    ("p", "ABORT WORK", "Rollback"),
    ("m", "ABORT", "unknown"),
    ("mp", "ROLLBACK AND CHAIN", "RollbackAndChain"),
    ("p", "ROLLBACK PREPARED 'a'", "unknown"),
    ("mps", "ROLLBACK TO a", "RollbackTo"),
    ("mps", "ROLLBACK TO SAVEPOINT diesel_savepoint_1", "RollbackTo"),
    ("s", "ROLLBACK TRANSACTION TO savepoint", "RollbackTo"),
    ("m", "ROLLBACK WORK TO SAVEPOINT `a`", "RollbackTo"),
    ("mps", "SAVEPOINT a", "Savepoint"),
    ("s", "SAVEPOINT 'a'", "Savepoint"),
    ("mps", "SAVEPOINT", "unknown; Savepoint"),
    ("mps", "RELEASE SAVEPOINT a", "Release"),
    ("ps", "RELEASE \"a\"", "Release"),
    ("p", "PREPARE TRANSACTION 'a'", "Prepare"),
    ("ms", "PREPARE TRANSACTION 'a'", "unknown"),
    ("mps", "BEGIN; UPDATE t SET a = 1; COMMIT", "Begin; change t; Commit"),
    ("mps", "COMMIT nonsense (", "unknown; Savepoint"),
];
