//! What a statement takes: tuples and arrays of what becomes a [`Value`].

use super::Value;

/// The parameters of a statement.
pub(crate) trait Params<'v> {
    /// Them as values, in order.
    fn into_values(self) -> impl AsRef<[Value<'v>]>;
}

impl<'v> Params<'v> for () {
    fn into_values(self) -> impl AsRef<[Value<'v>]> {
        []
    }
}

impl<'v, T: Into<Value<'v>>, const LEN: usize> Params<'v> for [T; LEN] {
    fn into_values(self) -> impl AsRef<[Value<'v>]> {
        self.map(Into::into)
    }
}

impl<'v> Params<'v> for &[Value<'v>] {
    fn into_values(self) -> impl AsRef<[Value<'v>]> {
        self
    }
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {
        $(impl<'v, $($name: Into<Value<'v>>),*> Params<'v> for ($($name,)*) {
            fn into_values(self) -> impl AsRef<[Value<'v>]> {
                #[expect(non_snake_case, reason = "a type's name is its value's")]
                let ($($name,)*) = self;
                [$($name.into()),*]
            }
        })*
    };
}

tuples! {
    (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H)
    (A B C D E F G H I) (A B C D E F G H I J) (A B C D E F G H I J K) (A B C D E F G H I J K L)
}
