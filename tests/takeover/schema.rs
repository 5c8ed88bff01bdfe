//! The tables, before and after.

diesel::table! {
    users (uuid) {
        uuid -> Text,
        email -> Text,
        name -> Text,
        security_stamp -> Text,
        failed_logins -> Integer,
    }
}

diesel::table! {
    devices (uuid, user_uuid) {
        uuid -> Text,
        user_uuid -> Text,
        name -> Text,
    }
}

diesel::table! {
    folders (uuid) {
        uuid -> Text,
        user_uuid -> Text,
        name -> Text,
    }
}

diesel::table! {
    ciphers (uuid) {
        uuid -> Text,
        user_uuid -> Text,
        folder_uuid -> Nullable<Text>,
        name -> Text,
        data -> Text,
    }
}

pub const SCHEMA: &str = "
    CREATE TABLE users (
        uuid VARCHAR(40) PRIMARY KEY NOT NULL, email TEXT NOT NULL, name TEXT NOT NULL, security_stamp TEXT NOT NULL,
        failed_logins INTEGER NOT NULL
    );
    CREATE TABLE devices (
        uuid VARCHAR(40) NOT NULL, user_uuid VARCHAR(40) NOT NULL, name TEXT NOT NULL, PRIMARY KEY (uuid, user_uuid)
    );
    CREATE TABLE folders (uuid VARCHAR(40) PRIMARY KEY NOT NULL, user_uuid VARCHAR(40) NOT NULL, name TEXT NOT NULL);
    CREATE TABLE ciphers (
        uuid VARCHAR(40) PRIMARY KEY NOT NULL, user_uuid VARCHAR(40) NOT NULL, folder_uuid VARCHAR(40), name TEXT NOT NULL,
        data TEXT NOT NULL
    );
    INSERT INTO users VALUES ('ann', 'ann@example.org', 'Ann', 'stamp', 0), ('bo', 'bo@example.org', 'Bo', 'stamp', 0);";
