//! The link of a near cache: how it comes and goes, and what it carries.

use cache_core::{Fingerprint, Token};

use crate::near::state::{Action, Link, Message, Poll, State};
use crate::near::world::{NearWorld, moment};
use crate::scenario::Mutation;
use crate::sight::Sight;

impl NearWorld {
    pub(crate) fn connect(&self, state: &mut State) {
        state.left.connects -= 1;
        let now = moment(state.now);
        let epoch = if self.has(Mutation::ReconnectKeepsTokens) { state.near.epoch() } else { state.near.connect() };
        if self.has(Mutation::FillsBeforeTracking) {
            state.near.tracking(epoch, now);
        }
        let to_store = vec![Message::Track(now)];
        state.link = Link { epoch, is_tracked: false, is_half_open: false, to_store, from_store: Vec::new() };
    }

    /// The store reads one message of the link.
    pub(crate) fn serve(&self, state: &mut State) {
        let mut message = state.link.to_store.remove(0);
        if let (Message::Heartbeat(_, poll @ Poll::Asked), Some(keys)) = (&mut message, state.keys.get(1)) {
            *poll = Poll::Answered(keys.token(moment(state.now)));
        }
        state.link.is_tracked |= matches!(message, Message::Track(_));
        state.link.from_store.push(message);
    }

    /// Asks for what is polled and known.
    pub(crate) fn send_heartbeat(&self, state: &mut State) {
        state.left.heartbeats -= 1;
        let is_known = self.tags.len() > 1 && state.near.polled().eq([self.name(1)]);
        let poll = if is_known { Poll::Asked } else { Poll::Nothing };
        state.link.to_store.push(Message::Heartbeat(moment(state.now), poll));
    }

    /// What the answer to a heartbeat says of the tags that it asked for.
    fn polled(&self, state: &State, poll: Poll) -> Vec<(Fingerprint, Option<Token>)> {
        let Some(name) = self.names().nth(1) else { return Vec::new() };
        let known = state.near.known(name);
        match poll {
            _ if self.has(Mutation::PolledTokenNotCompared) => vec![(name, known)],
            Poll::Answered(token) => vec![(name, token)],
            _ if self.has(Mutation::PolledTokenOutlivesHeartbeat) => vec![(name, known)],
            Poll::Nothing | Poll::Asked => Vec::new(),
        }
    }

    pub(crate) fn deliver(&self, state: &mut State) {
        let is_late = self.has(Mutation::TrustFromArrival);
        let counted = |state: &State, sent_at| if is_late { moment(state.now) } else { sent_at };
        let epoch = state.link.epoch;
        match state.link.from_store.remove(0) {
            Message::Changed => state.near.changed(self.name(0)),
            Message::Heartbeat(sent_at, poll) => {
                let polled = self.polled(state, poll);
                if !state.near.heartbeat(epoch, counted(state, sent_at), &polled).is_empty() {
                    self.sights.see(Sight::PolledTokenGone);
                }
            }
            Message::Track(sent_at) => state.near.tracking(epoch, counted(state, sent_at)),
        }
    }

    pub(crate) fn link_actions(&self, state: &State, actions: &mut Vec<Action>) {
        let link = &state.link;
        let choices = [
            (state.left.connects > 0, Action::Connect),
            (state.left.heartbeats > 0, Action::SendHeartbeat),
            (state.left.half_open > 0 && !link.is_half_open, Action::FallHalfOpen),
            (!link.is_half_open && !link.to_store.is_empty(), Action::Serve),
            (!link.is_half_open && !link.from_store.is_empty(), Action::Deliver),
            (state.left.evictions > 0 && state.keys[0].held.is_some(), Action::Evict),
            (state.now < self.horizon, Action::Advance),
        ];
        actions.extend(choices.into_iter().filter(|(may, _)| *may).map(|(_, action)| action));
    }
}
