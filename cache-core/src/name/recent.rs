//! Remembers the digests that were made last.

/// Digests of names, two of them in each slot: two names that meet in one by chance, and are asked for in turn, do not
/// push each other out.
pub(crate) struct Recent<N, D, const SLOTS: usize>([[Option<(N, D)>; 2]; SLOTS]);

impl<N: Copy + Eq, D: Copy, const SLOTS: usize> Recent<N, D, SLOTS> {
    /// None yet.
    pub(crate) const fn new() -> Self {
        Self([[None; 2]; SLOTS])
    }

    /// The digest of `name`, which belongs into `slot`, counted round; made if it is not remembered.
    #[inline]
    pub(crate) fn of(&mut self, slot: usize, name: &N, digest: impl FnOnce() -> D) -> D {
        let [first, second] = &mut self.0[slot % SLOTS];
        for (known, digest) in [&*first, &*second].into_iter().flatten() {
            if known == name {
                return *digest;
            }
        }
        *second = first.take();
        first.insert((*name, digest())).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_slot_the_last_two_names_are_remembered() {
        let (mut recent, mut made) = (Recent::<u8, u8, 1>::new(), vec![]);
        for name in [1, 2, 1, 2, 3, 2, 1] {
            let digest = recent.of(0, &name, || {
                made.push(name);
                name + 100
            });
            assert_eq!(digest, name + 100);
        }
        assert_eq!(made, [1, 2, 3, 1]);
    }
}
