//! The tests.

use std::path::{Path, PathBuf};

use crate::database::{Database, FILE};
use crate::generated;
use crate::reader::{self, Reader};
use crate::writes::WRITES;

#[test]
fn a_shop_with_generated_rows_is_read_as_it_is() {
    reader::install();
    let database = Database::empty();
    generated::fill(&mut database.open()).unwrap();
    compare(&database);
}

/// Where the rows of Chinook are not at hand, the generated ones are compared once more.
#[test]
fn the_shop_of_chinook_is_read_as_it_is() {
    reader::install();
    let Some(file) = file_of_chinook() else {
        println!("{FILE} is neither in CHINOOK_DIR nor beside the checkout: its rows are generated");
        return a_shop_with_generated_rows_is_read_as_it_is();
    };
    compare(&Database::of_file(&file));
}

#[test]
fn the_models_declare_all_that_the_database_does() {
    let report = cache_diesel::check(&mut Database::empty().open()).unwrap();
    assert!(report.is_clean(), "{report}");
}

fn file_of_chinook() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let dir = std::env::var_os("CHINOOK_DIR").map_or(beside, PathBuf::from);
    Some(dir.join(FILE)).filter(|file| file.exists())
}

fn compare(database: &Database) {
    let mut reader = Reader::new(database.open());
    let (read_count, cold) = reader.compare_everything();
    let (_, warm) = reader.compare_everything();
    println!("{read_count} reads: {cold} statements when cold, {warm} when warm");
    assert!(cold > 0);
    assert_eq!(warm, 0);

    let mut writer = database.open();
    for (name, write) in WRITES {
        write(&mut writer).unwrap_or_else(|error| panic!("{name}: {error}"));
        reader.compare_everything();
    }
    assert_eq!(reader.compare_everything().1, 0);
}
