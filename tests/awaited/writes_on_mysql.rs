//! Writes through a manager on connections of MariaDB, plain ones and tracked ones.

use tests::servers::{self, Database};

fn database() -> (Database, String) {
    let database = servers::mysql::fresh_database();
    let url = database.url().to_owned();
    (database, url)
}

fn create(start: i32) -> String {
    format!(
        "CREATE TABLE posts (id INTEGER PRIMARY KEY AUTO_INCREMENT, shelf INTEGER NOT NULL, title TEXT NOT NULL)
         AUTO_INCREMENT = {start}"
    )
}

mod plain {
    crate::writes::manager_writes!(diesel::MysqlConnection, diesel_async::AsyncMysqlConnection, super::database(), super::create, 3000);
}

mod tracked {
    crate::writes::manager_writes!(diesel::MysqlConnection, cache_diesel::AsyncMysqlConnection, super::database(), super::create, 4000);
}
