//! A password manager's server on SQLite and PostgreSQL, before it was taken over: plain Diesel, a `MultiConnection`, and models
//! with neither `Clone` nor serde.

use diesel::prelude::*;

use crate::schema::{ciphers, devices, folders, users};

#[derive(diesel::MultiConnection)]
pub enum DbConn {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

#[derive(AsChangeset, Identifiable, Insertable, Queryable)]
#[diesel(table_name = users, primary_key(uuid))]
pub struct User {
    pub uuid: String,
    pub email: String,
    pub name: String,
    pub security_stamp: String,
    pub failed_logins: i32,
}

#[derive(AsChangeset, Identifiable, Insertable, Queryable)]
#[diesel(table_name = devices, primary_key(uuid, user_uuid))]
pub struct Device {
    pub uuid: String,
    pub user_uuid: String,
    pub name: String,
}

#[derive(AsChangeset, Identifiable, Insertable, Queryable)]
#[diesel(table_name = folders, primary_key(uuid))]
pub struct Folder {
    pub uuid: String,
    pub user_uuid: String,
    pub name: String,
}

#[derive(AsChangeset, Identifiable, Insertable, Queryable)]
#[diesel(table_name = ciphers, primary_key(uuid), treat_none_as_null = true)]
pub struct Cipher {
    pub uuid: String,
    pub user_uuid: String,
    pub folder_uuid: Option<String>,
    pub name: String,
    pub data: String,
}

impl User {
    pub fn find_by_uuid(uuid: &str, conn: &mut DbConn) -> Option<Self> {
        users::table.find(uuid).first(conn).ok()
    }

    pub fn find_by_mail(mail: &str, conn: &mut DbConn) -> Option<Self> {
        users::table.filter(users::email.eq(mail.to_lowercase())).first(conn).ok()
    }

    pub fn save(&self, conn: &mut DbConn) -> QueryResult<usize> {
        match diesel::insert_into(users::table).values(self).execute(conn) {
            Ok(count) => Ok(count),
            Err(_) => diesel::update(users::table.find(&self.uuid)).set(self).execute(conn),
        }
    }
}

impl Device {
    pub fn find_by_uuid_and_user(uuid: &str, user: &str, conn: &mut DbConn) -> Option<Self> {
        devices::table.find((uuid, user)).first(conn).ok()
    }

    pub fn find_by_user(user: &str, conn: &mut DbConn) -> Vec<Self> {
        devices::table.filter(devices::user_uuid.eq(user)).order(devices::uuid).load(conn).unwrap()
    }
}

impl Folder {
    pub fn find_by_user(user: &str, conn: &mut DbConn) -> Vec<Self> {
        folders::table.filter(folders::user_uuid.eq(user)).order(folders::uuid).load(conn).unwrap()
    }
}

impl Cipher {
    pub fn find_by_uuid(uuid: &str, conn: &mut DbConn) -> Option<Self> {
        ciphers::table.find(uuid).first(conn).ok()
    }

    pub fn find_by_user(user: &str, conn: &mut DbConn) -> Vec<Self> {
        ciphers::table.filter(ciphers::user_uuid.eq(user)).order(ciphers::uuid).load(conn).unwrap()
    }

    pub fn find_by_folder(folder: &str, conn: &mut DbConn) -> Vec<Self> {
        ciphers::table.filter(ciphers::folder_uuid.eq(folder)).order(ciphers::uuid).load(conn).unwrap()
    }

    pub fn count_by_user(user: &str, conn: &mut DbConn) -> i64 {
        ciphers::table.filter(ciphers::user_uuid.eq(user)).count().get_result(conn).unwrap()
    }
}

pub fn connect(url: &str) -> DbConn {
    DbConn::establish(url).unwrap()
}

/// Logs in on a device that need not be known yet.
pub fn login(mail: &str, stamp: &str, device: &str, conn: &mut DbConn) -> Option<String> {
    let mut user = User::find_by_mail(mail, conn)?;
    if user.security_stamp != stamp {
        user.failed_logins += 1;
        user.save(conn).unwrap();
        return None;
    }
    if Device::find_by_uuid_and_user(device, &user.uuid, conn).is_none() {
        let new = Device { uuid: device.to_owned(), user_uuid: user.uuid.clone(), name: format!("{}'s", user.name) };
        diesel::insert_into(devices::table).values(&new).execute(conn).unwrap();
    }
    Some(user.uuid)
}

/// All that a client keeps: it is asked for all the time.
pub fn sync(user: &str, conn: &mut DbConn) -> Option<String> {
    let user = User::find_by_uuid(user, conn)?;
    let devices: Vec<_> = Device::find_by_user(&user.uuid, conn).into_iter().map(|device| device.name).collect();
    let folders: Vec<_> = Folder::find_by_user(&user.uuid, conn).into_iter().map(|folder| folder.name).collect();
    let ciphers = Cipher::find_by_user(&user.uuid, conn);
    let ciphers: Vec<_> = ciphers.iter().map(|cipher| (&cipher.name, &cipher.data, &cipher.folder_uuid)).collect();
    Some(format!("{} {} {devices:?} {folders:?} {ciphers:?}", user.name, user.failed_logins))
}

pub fn rename(user: &str, name: &str, conn: &mut DbConn) -> Option<()> {
    let mut user = User::find_by_uuid(user, conn)?;
    user.name = name.to_owned();
    user.save(conn).ok().map(drop)
}

pub fn cipher(uuid: &str, conn: &mut DbConn) -> Option<String> {
    Cipher::find_by_uuid(uuid, conn).map(|cipher| format!("{} {}", cipher.name, cipher.data))
}

pub fn folder(folder: &str, user: &str, conn: &mut DbConn) -> String {
    let names: Vec<_> = Cipher::find_by_folder(folder, conn).into_iter().map(|cipher| cipher.name).collect();
    format!("{names:?} of {}", Cipher::count_by_user(user, conn))
}

pub fn new_cipher(cipher: Cipher, conn: &mut DbConn) {
    diesel::insert_into(ciphers::table).values(&cipher).execute(conn).unwrap();
}

pub fn new_folder(folder: Folder, conn: &mut DbConn) {
    diesel::insert_into(folders::table).values(&folder).execute(conn).unwrap();
}

pub fn move_cipher(uuid: &str, folder: Option<&str>, conn: &mut DbConn) {
    diesel::update(ciphers::table.find(uuid)).set(ciphers::folder_uuid.eq(folder)).execute(conn).unwrap();
}

/// The ciphers of a folder stay, without one.
pub fn delete_folder(folder: &str, conn: &mut DbConn) -> QueryResult<()> {
    conn.transaction(|conn| {
        let of_it = ciphers::table.filter(ciphers::folder_uuid.eq(folder));
        diesel::update(of_it).set(ciphers::folder_uuid.eq(None::<String>)).execute(conn)?;
        diesel::delete(folders::table.find(folder)).execute(conn)?;
        Ok(())
    })
}
