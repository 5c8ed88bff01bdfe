//! The link of a near cache: how it comes and goes, and what it carries.

use crate::near::state::{Action, Link, Message, State};
use crate::near::world::{NearWorld, moment};
use crate::scenario::Mutation;

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
        let message = state.link.to_store.remove(0);
        state.link.is_tracked |= matches!(message, Message::Track(_));
        state.link.from_store.push(message);
    }

    pub(crate) fn deliver(&self, state: &mut State) {
        let counted = |sent_at| if self.has(Mutation::TrustFromArrival) { moment(state.now) } else { sent_at };
        let epoch = state.link.epoch;
        match state.link.from_store.remove(0) {
            Message::Changed => state.near.changed(self.name),
            Message::Heartbeat(sent_at) => {
                state.near.heartbeat(epoch, counted(sent_at), &[]);
            }
            Message::Track(sent_at) => state.near.tracking(epoch, counted(sent_at)),
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
            (state.left.evictions > 0 && state.keys.held.is_some(), Action::Evict),
            (state.now < self.horizon, Action::Advance),
        ];
        actions.extend(choices.into_iter().filter(|(may, _)| *may).map(|(_, action)| action));
    }
}
