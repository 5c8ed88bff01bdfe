//! Decides when a process keeps an intent beside a table for all of its writes, and when a write has to place one.
//!
//! The intent stands beside the tag [`Writers`](crate::TagKind::Writers) of the table, on which every entry depends that
//! depends on the table. As long as it stands no write of the process places anything: if the process dies between its
//! COMMIT and its release, the intent ends by itself, and the token of the tag with it. A process that writes now and
//! then ends the intent with each write; one that writes often keeps it, and renews it as long as it goes on writing.

use core::time::Duration;

use crate::clock::Moment;
use crate::protocol::intent::Writer;

/// The intent of one process beside one table, and the writes that rely on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct StandingIntent {
    held: Option<Held>,
    /// The writes that are under way.
    open: usize,
    /// It stays when the last of them has ended.
    is_kept: bool,
    /// The writes since `counted_from`.
    count: usize,
    counted_from: Option<Moment>,
    last_end: Option<Moment>,
}

/// An intent that stands on the server, as far as is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Held {
    writer: Writer,
    /// When it was sent last, and to which incarnation of the store, if that was acknowledged.
    placed: Option<Placed>,
    /// It is on its way again: ended now, it could arrive after its end.
    is_renewing: bool,
}

/// An intent that the store has acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Placed {
    /// When it was sent: it stands for its life from then on at least.
    pub sent_at: Moment,
    /// The number of incarnations of the store that this process had met when it was acknowledged.
    pub incarnations: u64,
}

/// Whether a write is covered if it begins now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cover {
    /// An intent stands, with at least half of its life left.
    Stands,
    /// An intent has to be placed under this name.
    Place(Writer),
}

/// What the background has to do about an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upkeep {
    /// It is left as it is.
    Nothing,
    /// It is placed again under this name, and [`placed`](StandingIntent::placed) or [`failed`](StandingIntent::failed) follows.
    Renew(Writer),
    /// It ends, and no token changes.
    End(Writer),
}

impl StandingIntent {
    /// So many writes within the life of an intent are often: then it is kept. A process that exits without a shutdown
    /// leaves it behind, which ends the entries of the table.
    pub const OFTEN: usize = 3;

    /// A write begins, at `now`.
    pub fn begin(&mut self, now: Moment, life: Duration) {
        if self.counted_from.is_none_or(|from| now.since(from) > life) {
            self.count = 0;
            self.counted_from = Some(now);
        }
        self.count = self.count.saturating_add(1);
        self.is_kept |= self.open > 0 || self.count >= Self::OFTEN;
        self.open += 1;
    }

    /// Whether the writes that are under way are covered: intents live for `life`, and this process has met so many
    /// `incarnations` of the store. Where none stands it is called `fresh`.
    pub fn cover(&mut self, now: Moment, life: Duration, incarnations: u64, fresh: Writer) -> Cover {
        let covers = |placed: Placed| placed.incarnations == incarnations && now.since(placed.sent_at) < life / 2;
        match self.held {
            Some(Held { placed: Some(placed), .. }) if covers(placed) => Cover::Stands,
            Some(held) => Cover::Place(held.writer),
            None => {
                self.held = Some(Held { writer: fresh, placed: None, is_renewing: false });
                Cover::Place(fresh)
            }
        }
    }

    /// The intent that is called so was acknowledged.
    pub fn placed(&mut self, writer: Writer, placed: Placed) {
        if let Some(held) = self.held.as_mut().filter(|held| held.writer == writer) {
            held.placed = Some(placed);
            held.is_renewing = false;
        }
    }

    /// The intent that is called so was not acknowledged. It may stand all the same.
    pub fn failed(&mut self, writer: Writer) {
        if let Some(held) = self.held.as_mut().filter(|held| held.writer == writer) {
            held.placed = None;
            held.is_renewing = false;
        }
    }

    /// A write is about to be released. Gives the name of the intent if it has to end with that: after everything that
    /// the write has changed, and only if that was acknowledged.
    pub fn end(&mut self, now: Moment) -> Option<Writer> {
        self.open = self.open.saturating_sub(1);
        self.last_end = Some(now);
        self.is_kept |= self.held.is_some_and(|held| held.is_renewing);
        if self.open > 0 || self.is_kept {
            return None;
        }
        self.held.take().map(|held| held.writer)
    }

    /// A write was given up, and nobody knows whether it took effect: the intent is left to its deadline.
    pub fn abandon(&mut self) {
        self.open = self.open.saturating_sub(1);
        self.leave();
    }

    /// The store has not acknowledged a release of what a write has changed: the intent is left to its deadline. It is
    /// neither ended nor renewed, and writes that begin later get another one. So old entries end with it, whether the
    /// process lives or not. Gives its name: it may end once all that was written has got through.
    pub fn leave(&mut self) -> Option<Writer> {
        self.held.take().map(|held| held.writer)
    }

    /// What is to be done at `now`; `may_end`: no release is on its way. One that begins is called `fresh`.
    pub fn upkeep(&mut self, now: Moment, life: Duration, (fresh, may_end): (Writer, bool)) -> Upkeep {
        let Some(held) = &mut self.held else {
            if self.open == 0 {
                return Upkeep::Nothing;
            }
            self.held = Some(Held { writer: fresh, placed: None, is_renewing: true });
            return Upkeep::Renew(fresh);
        };
        let writer = held.writer;
        let is_idle = self.open == 0 && self.last_end.is_none_or(|last| now.since(last) >= life / 2);
        if is_idle && may_end {
            (self.held, self.is_kept) = (None, false);
            return Upkeep::End(writer);
        }
        if held.placed.is_some_and(|placed| now.since(placed.sent_at) < life / 4) {
            return Upkeep::Nothing;
        }
        held.is_renewing = true;
        Upkeep::Renew(writer)
    }

    /// The process stops renewing: gives the name of an intent that no write relies on, which has to end.
    pub fn stop(&mut self) -> Option<Writer> {
        if self.open > 0 {
            return None;
        }
        self.is_kept = false;
        self.held.take().map(|held| held.writer)
    }

    /// Whether writes are under way that no acknowledged intent covers, but for one that was left.
    #[must_use]
    pub const fn is_bare(&self) -> bool {
        self.open > 0 && !matches!(self.held, Some(Held { placed: Some(_), .. }))
    }

    /// Whether an intent may stand.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// How long it is until something is due; `None`: nothing is.
    #[must_use]
    pub fn due_in(&self, now: Moment, life: Duration) -> Option<Duration> {
        let placed = self.held.as_ref()?.placed;
        Some(placed.map_or(Duration::ZERO, |placed| (life / 4).saturating_sub(now.since(placed.sent_at))))
    }

    /// Whether nothing is held, and nothing has to be remembered.
    #[must_use]
    pub fn is_over(&self, now: Moment, life: Duration) -> bool {
        let is_counting = self.counted_from.is_some_and(|from| now.since(from) <= life);
        self.held.is_none() && self.open == 0 && !is_counting
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    const LIFE: Duration = Duration::from_secs(8);

    fn at(seconds: u64) -> Moment {
        Moment::at(Timestamp::from_nanos(seconds * 1_000_000_000))
    }

    fn named(number: u64) -> Writer {
        Writer::from_bits(number)
    }

    fn placed(seconds: u64) -> Placed {
        Placed { sent_at: at(seconds), incarnations: 1 }
    }

    /// One write from its beginning to its placing.
    fn write(intent: &mut StandingIntent, seconds: u64, fresh: u64) -> Cover {
        intent.begin(at(seconds), LIFE);
        let cover = intent.cover(at(seconds), LIFE, 1, named(fresh));
        if let Cover::Place(writer) = cover {
            intent.placed(writer, placed(seconds));
        }
        cover
    }

    fn kept() -> StandingIntent {
        let mut intent = StandingIntent::default();
        for number in 1..=StandingIntent::OFTEN as u64 {
            write(&mut intent, 0, number);
            intent.end(at(0));
        }
        intent
    }

    #[test]
    fn a_process_that_writes_now_and_then_ends_its_intent_with_each_write() {
        let mut intent = StandingIntent::default();
        for (seconds, number) in [(0, 1), (7, 2), (9, 3), (16, 4), (18, 5)] {
            assert_eq!(write(&mut intent, seconds, number), Cover::Place(named(number)));
            assert_eq!(intent.end(at(seconds)), Some(named(number)), "{seconds}");
        }
    }

    #[test]
    fn a_process_that_writes_often_places_nothing_for_half_a_life() {
        let mut intent = kept();
        assert_eq!(write(&mut intent, 3, 9), Cover::Stands);
        assert_eq!(intent.end(at(3)), None);
        assert_eq!(write(&mut intent, 4, 9), Cover::Place(named(3)), "half of it is over");
        assert_eq!(write(&mut intent, 7, 9), Cover::Stands, "it was placed again");
    }

    #[test]
    fn writes_at_the_same_time_share_an_intent_that_neither_of_them_ends() {
        let mut intent = StandingIntent::default();
        write(&mut intent, 0, 1);
        assert_eq!(write(&mut intent, 0, 2), Cover::Stands);
        assert_eq!(intent.end(at(0)), None);
        assert_eq!(intent.end(at(0)), None);
        assert_eq!(intent.upkeep(at(4), LIFE, (named(9), true)), Upkeep::End(named(1)));
    }

    #[test]
    fn an_intent_that_was_not_acknowledged_covers_nothing() {
        let mut intent = StandingIntent::default();
        intent.begin(at(0), LIFE);
        assert_eq!(intent.cover(at(0), LIFE, 1, named(1)), Cover::Place(named(1)));
        assert_eq!(intent.cover(at(0), LIFE, 1, named(2)), Cover::Place(named(1)), "another write of the process");
        intent.failed(named(1));
        assert_eq!(intent.upkeep(at(0), LIFE, (named(9), true)), Upkeep::Renew(named(1)), "at once");
    }

    #[test]
    fn another_incarnation_of_the_store_knows_of_no_intent() {
        let mut intent = kept();
        assert_eq!(intent.cover(at(1), LIFE, 1, named(9)), Cover::Stands);
        assert_eq!(intent.cover(at(1), LIFE, 2, named(9)), Cover::Place(named(3)));
    }

    #[test]
    fn a_clock_that_was_set_back_or_stood_still_covers_nothing() {
        let mut intent = kept();
        let slept = Moment { by_wall: at(100).by_wall, ..at(1) };
        assert_eq!(intent.cover(slept, LIFE, 1, named(9)), Cover::Place(named(3)));
        intent.placed(named(3), Placed { sent_at: at(50), incarnations: 1 });
        let set_back = Moment { by_wall: at(49).by_wall, ..at(51) };
        assert_eq!(intent.cover(set_back, LIFE, 1, named(9)), Cover::Place(named(3)));
    }

    #[test]
    fn an_intent_is_renewed_while_it_is_used_and_ended_when_it_is_not() {
        let mut intent = kept();
        assert_eq!(intent.upkeep(at(1), LIFE, (named(9), true)), Upkeep::Nothing);
        assert_eq!(intent.due_in(at(1), LIFE), Some(Duration::from_secs(1)));
        assert_eq!(intent.upkeep(at(2), LIFE, (named(9), true)), Upkeep::Renew(named(3)));
        intent.placed(named(3), placed(2));
        assert_eq!(intent.upkeep(at(4), LIFE, (named(9), false)), Upkeep::Renew(named(3)), "something is dirty");
        intent.placed(named(3), placed(4));
        assert_eq!(intent.upkeep(at(4), LIFE, (named(9), true)), Upkeep::End(named(3)));
        assert_eq!(intent.due_in(at(4), LIFE), None);
        assert!(!intent.is_over(at(8), LIFE));
        assert!(intent.is_over(at(9), LIFE));
    }

    #[test]
    fn an_intent_under_a_long_write_is_renewed_until_the_write_ends() {
        let mut intent = StandingIntent::default();
        write(&mut intent, 0, 1);
        for seconds in [2, 4, 6, 8, 10] {
            assert_eq!(intent.upkeep(at(seconds), LIFE, (named(9), true)), Upkeep::Renew(named(1)));
            intent.placed(named(1), placed(seconds));
        }
        assert_eq!(intent.end(at(11)), Some(named(1)));
    }

    #[test]
    fn an_intent_that_is_on_its_way_again_is_not_ended_with_a_write() {
        let mut intent = StandingIntent::default();
        write(&mut intent, 0, 1);
        assert_eq!(intent.upkeep(at(2), LIFE, (named(9), true)), Upkeep::Renew(named(1)));
        assert_eq!(intent.end(at(2)), None);
    }

    #[test]
    fn an_intent_under_which_a_release_failed_is_left_and_later_writes_get_another_one() {
        let mut intent = kept();
        write(&mut intent, 1, 9);
        assert_eq!(intent.end(at(1)), None);
        assert_eq!(intent.leave(), Some(named(3)));
        assert_eq!(intent.upkeep(at(3), LIFE, (named(10), true)), Upkeep::Nothing, "neither renewed nor ended");
        assert_eq!(write(&mut intent, 3, 10), Cover::Place(named(10)));
    }

    #[test]
    fn an_intent_of_a_write_that_was_given_up_is_left_to_its_deadline() {
        let mut intent = kept();
        write(&mut intent, 1, 9);
        write(&mut intent, 1, 9);
        intent.abandon();
        assert_eq!(intent.upkeep(at(1), LIFE, (named(9), true)), Upkeep::Renew(named(9)), "for the other write");
        intent.placed(named(9), placed(1));
        intent.abandon();
        assert_eq!(intent.upkeep(at(20), LIFE, (named(10), true)), Upkeep::Nothing);
        assert_eq!(intent.stop(), None);
    }

    #[test]
    fn an_intent_of_a_release_that_was_not_acknowledged_is_neither_ended_nor_renewed() {
        let mut intent = kept();
        assert_eq!(write(&mut intent, 1, 8), Cover::Stands);
        assert_eq!(write(&mut intent, 1, 9), Cover::Stands);
        assert_eq!(intent.end(at(1)), None);
        intent.leave();
        assert_eq!(intent.upkeep(at(2), LIFE, (named(10), true)), Upkeep::Renew(named(10)), "for the other write");
        intent.placed(named(10), placed(2));
        assert_eq!(intent.end(at(3)), None);
        assert_eq!(write(&mut intent, 3, 11), Cover::Stands);
        assert_eq!(intent.end(at(3)), None);
        assert_eq!(intent.upkeep(at(20), LIFE, (named(12), true)), Upkeep::End(named(10)));
    }

    #[test]
    fn a_process_that_stops_ends_what_no_write_relies_on() {
        let mut intent = kept();
        assert_eq!(intent.stop(), Some(named(3)));
        write(&mut intent, 1, 9);
        assert_eq!(intent.stop(), None);
    }
}
