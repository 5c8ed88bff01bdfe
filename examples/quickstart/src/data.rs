//! Generates the made-up shop: the same rows in every run.

use diesel::prelude::*;

use crate::models::{Album, Artist, Customer, Playlist, PlaylistTrack, Track};
use crate::schema::{albums, artists, customers, playlist_tracks, playlists, tracks};

const ARTIST_COUNT: i32 = 240;
const ALBUM_COUNT: i32 = 320;
const TRACKS_OF_AN_ALBUM: i32 = 10;
const PLAYLIST_COUNT: i32 = 12;
const TRACKS_OF_A_PLAYLIST: i32 = 60;
const CUSTOMER_COUNT: i32 = 60;

/// Puts the shop's rows into its empty tables.
pub(crate) fn fill(conn: &mut SqliteConnection) -> QueryResult<()> {
    let mut dice = Dice { state: 1877 };
    let track_count = ALBUM_COUNT * TRACKS_OF_AN_ALBUM;
    conn.transaction(|conn| {
        let rows = each(ARTIST_COUNT, |id| artist(id, &mut dice));
        diesel::insert_into(artists::table).values(rows).execute(conn)?;
        let rows = each(ALBUM_COUNT, |id| album(id, &mut dice));
        diesel::insert_into(albums::table).values(rows).execute(conn)?;
        let rows = each(track_count, |id| track(id, &mut dice));
        diesel::insert_into(tracks::table).values(rows).execute(conn)?;
        let rows = each(PLAYLIST_COUNT, |id| Playlist { id, name: Some(dice.title()) });
        diesel::insert_into(playlists::table).values(rows).execute(conn)?;
        let rows = each(PLAYLIST_COUNT * TRACKS_OF_A_PLAYLIST, |number| place(number, track_count));
        diesel::insert_into(playlist_tracks::table).values(rows).execute(conn)?;
        let rows = each(CUSTOMER_COUNT, |id| customer(id, &mut dice));
        diesel::insert_into(customers::table).values(rows).execute(conn)?;
        Ok(())
    })
}

fn each<Row>(count: i32, row: impl FnMut(i32) -> Row) -> Vec<Row> {
    (1..=count).map(row).collect()
}

fn artist(id: i32, dice: &mut Dice) -> Artist {
    let name = if dice.below(3) == 0 { format!("The {}s", dice.name()) } else { dice.full_name() };
    Artist { id, name: Some(name) }
}

fn album(id: i32, dice: &mut Dice) -> Album {
    Album { id, title: dice.title(), artist_id: 1 + dice.below(ARTIST_COUNT) }
}

fn track(id: i32, dice: &mut Dice) -> Track {
    let milliseconds = 90_000 + dice.below(330_000);
    let composer = (dice.below(4) > 0).then(|| dice.full_name());
    Track {
        id,
        name: dice.title(),
        album_id: Some(1 + (id - 1) / TRACKS_OF_AN_ALBUM),
        media_type_id: 1,
        genre_id: Some(1 + dice.below(12)),
        composer,
        milliseconds,
        bytes: Some(milliseconds * 32),
        unit_price: if dice.below(8) == 0 { 1.99 } else { 0.99 },
    }
}

/// The places of a playlist are spread over all tracks; no track is on one twice.
fn place(number: i32, track_count: i32) -> PlaylistTrack {
    let (playlist, place) = ((number - 1) / TRACKS_OF_A_PLAYLIST, (number - 1) % TRACKS_OF_A_PLAYLIST);
    let step = track_count / TRACKS_OF_A_PLAYLIST;
    PlaylistTrack { playlist_id: 1 + playlist, track_id: 1 + place * step + playlist }
}

fn customer(id: i32, dice: &mut Dice) -> Customer {
    let (first_name, last_name) = (dice.name(), dice.name());
    let email = format!("{first_name}.{last_name}{id}@mail.example").to_lowercase();
    Customer {
        id,
        first_name,
        last_name,
        company: (dice.below(5) == 0).then(|| format!("{} & Co.", dice.name())),
        address: Some(format!("{} {} Street", 1 + dice.below(200), dice.name())),
        city: Some(dice.name()),
        state: None,
        country: Some(format!("{}land", dice.name())),
        postal_code: Some(format!("{:05}", dice.below(100_000))),
        phone: Some(format!("+00 {:07}", dice.below(10_000_000))),
        fax: None,
        email,
        support_rep_id: None,
    }
}

/// Numbers that look like chance and are the same in every run (xorshift).
struct Dice {
    state: u64,
}

impl Dice {
    /// A number from 0 to `limit - 1`.
    fn below(&mut self, limit: i32) -> i32 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        // The lower bits of xorshift are its worst.
        let number = (self.state >> 33) % u64::from(limit.unsigned_abs().max(1));
        i32::try_from(number).unwrap_or_default()
    }

    fn one_of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        let place = self.below(i32::try_from(choices.len()).unwrap_or_default());
        choices.get(place.unsigned_abs() as usize).copied().unwrap_or_default()
    }

    fn title(&mut self) -> String {
        match self.below(4) {
            0 => self.name(),
            1 => format!("{} of {}", self.name(), self.name()),
            2 => format!("The {} {}", self.name(), self.name()),
            _ => self.full_name(),
        }
    }

    fn full_name(&mut self) -> String {
        format!("{} {}", self.name(), self.name())
    }

    /// Two or three syllables, with a capital.
    fn name(&mut self) -> String {
        let mut name = self.one_of(&CAPITALS).to_owned();
        name.push_str(self.one_of(&VOWELS));
        for _ in 0..=self.below(2) {
            name.push_str(self.one_of(&CONSONANTS));
            name.push_str(self.one_of(&VOWELS));
        }
        name.push_str(self.one_of(&ENDS));
        name
    }
}

const CAPITALS: [&str; 14] = ["B", "D", "F", "G", "H", "K", "L", "M", "N", "R", "S", "T", "V", "Br"];
const CONSONANTS: [&str; 14] = ["b", "d", "g", "k", "l", "ll", "m", "n", "nd", "r", "rr", "s", "t", "v"];
const ENDS: [&str; 7] = ["", "", "n", "r", "s", "l", "nt"];
const VOWELS: [&str; 7] = ["a", "e", "i", "o", "u", "ia", "ei"];
