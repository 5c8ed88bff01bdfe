//! Converts tuples to keys of several columns, each part owned or borrowed.

use core::any::Any;
use core::hash::{Hash, Hasher};

use crate::model::cached_model::Key;
use crate::model::keys::IntoKey;

/// The parts of a key that were given one by one, as a tuple; generated methods make it.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Parts<T>(pub T);

/// The methods of a key whose parts are at `$place` in it.
macro_rules! methods_by_parts {
    ($id:ty, [$($name:ident: $part:ty => $own:ty),*], $at:tt) => {
        type Itself = Self;

        const HAS_PARTS: bool = true;

        fn itself(self) -> Self {
            self
        }

        fn hash_key<State: Hasher>(&self, state: &mut State) {
            let tuple_parts!($at $($name)*) = self;
            $(IntoKey::<$own>::hash_key($name, state);)*
        }

        fn as_key(&self) -> Option<&$id> {
            None
        }

        fn has_parts(&self, parts: &[&dyn Any]) -> bool {
            let tuple_parts!($at $($name)*) = self;
            let mut parts = parts.iter();
            $(parts.next().is_some_and(|part| IntoKey::<$own>::has_parts($name, &[*part])))&&*
        }

        fn to_key(&self) -> $id {
            let tuple_parts!($at $($name)*) = self;
            ($(IntoKey::<$own>::to_key($name)),*)
        }

        fn into_key(self) -> $id {
            let tuple_parts!($at $($name)*) = self;
            ($(IntoKey::<$own>::into_key($name)),*)
        }
    };
}

/// The pattern that takes the parts out.
macro_rules! tuple_parts {
    (tuple $($name:ident)*) => { ($($name),*) };
    (parts $($name:ident)*) => { Parts(($($name),*)) };
}

macro_rules! parts_of {
    ($($name:ident: $kind:ident $own:ident),*) => {
        impl<$($kind: IntoKey<$own>, $own: Key),*> IntoKey<($($own),*)> for Parts<($($kind),*)> {
            methods_by_parts!(($($own),*), [$($name: $kind => $own),*], parts);
        }
    };
}

parts_of!(a: KA A, b: KB B);
parts_of!(a: KA A, b: KB B, c: KC C);
parts_of!(a: KA A, b: KB B, c: KC C, d: KD D);
parts_of!(a: KA A, b: KB B, c: KC C, d: KD D, e: KE E);
parts_of!(a: KA A, b: KB B, c: KC C, d: KD D, e: KE E, f: KF F);
parts_of!(a: KA A, b: KB B, c: KC C, d: KD D, e: KE E, f: KF F, g: KG G);
parts_of!(a: KA A, b: KB B, c: KC C, d: KD D, e: KE E, f: KF F, g: KG G, h: KH H);

/// A tuple of which each part is its `own`, borrowed (`by`), or a string slice (`text`). One of its own parts throughout is
/// the key itself.
macro_rules! tuple_of {
    (@ [$($generic:ident)*] [$($name:ident: $part:ty => $own:ty,)*]) => {
        impl<$($generic: Key),*> IntoKey<($($own),*)> for ($($part),*) {
            methods_by_parts!(($($own),*), [$($name: $part => $own),*], tuple);
        }
    };
    (@ [$($generic:ident)*] [$($done:tt)*] own $name:ident $own:ident $($rest:tt)*) => {
        tuple_of!(@ [$($generic)* $own] [$($done)* $name: $own => $own,] $($rest)*);
    };
    (@ [$($generic:ident)*] [$($done:tt)*] by $name:ident $own:ident $($rest:tt)*) => {
        tuple_of!(@ [$($generic)* $own] [$($done)* $name: &$own => $own,] $($rest)*);
    };
    (@ [$($generic:ident)*] [$($done:tt)*] text $name:ident $own:ident $($rest:tt)*) => {
        tuple_of!(@ [$($generic)*] [$($done)* $name: &str => String,] $($rest)*);
    };
    ($($parts:tt)*) => { tuple_of!(@ [] [] $($parts)*); };
}

macro_rules! pairs_of {
    ($($first:ident $second:ident),*) => { $(tuple_of!($first a A $second b B);)* };
}

/// Each of these with every third part.
macro_rules! triples_of {
    ($($first:ident $second:ident),*) => { $(
        tuple_of!($first a A $second b B own c C);
        tuple_of!($first a A $second b B by c C);
        tuple_of!($first a A $second b B text c C);
    )* };
}

pairs_of!(own by, own text, by own, by by, by text, text own, text by, text text);
triples_of!(own by, own text, by own, by by, by text, text own, text by, text text);
tuple_of!(own a A own b B by c C);
tuple_of!(own a A own b B text c C);
tuple_of!(by a A by b B by c C by d D);
tuple_of!(text a A text b B text c C text d D);
