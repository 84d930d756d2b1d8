//! Decodes values of a file that nothing is known about: limited in depth and size, and with text that is safe to
//! print.

use std::cell::Cell;
use std::fmt;

use contend_scenario::mask_dangerous;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

/// Most bytes that the values of one section may take in memory. Those of a run take some ten times the 256 KiB of its
/// sections.
pub const MAX_DECODED: usize = 256 << 20;

/// The remaining depth and memory.
struct Limits {
    depth: Cell<usize>,
    room: Cell<usize>,
}

impl Limits {
    fn charge<E: Error>(&self, bytes: usize) -> Result<(), E> {
        let left = self.room.get().checked_sub(bytes.max(1)).ok_or_else(|| E::custom("it is too large"))?;
        self.room.set(left);
        Ok(())
    }

    /// Calls `decode` one level deeper.
    fn nested<T, E: Error>(&self, decode: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let depth = self.depth.get();
        self.depth.set(depth.checked_sub(1).ok_or_else(|| E::custom("it is nested too deeply"))?);
        let decoded = decode();
        self.depth.set(depth);
        decoded
    }
}

/// Decodes a value from its postcard form. `room` is what it and later ones may take in memory, in bytes.
pub fn from_untrusted<T: DeserializeOwned>(bytes: &[u8], depth: usize, room: &mut usize) -> Option<T> {
    let limits = Limits { depth: Cell::new(depth), room: Cell::new(*room) };
    let mut postcard = postcard::Deserializer::from_bytes(bytes);
    let decoded = T::deserialize(Guarded { inner: &mut postcard, limits: &limits }).ok();
    *room = limits.room.get();
    decoded
}

/// A part of the decoder that keeps within limits.
struct Guarded<'a, T> {
    inner: T,
    limits: &'a Limits,
}

impl<'a, T> Guarded<'a, T> {
    fn around<U>(&self, inner: U) -> Guarded<'a, U> {
        Guarded { inner, limits: self.limits }
    }
}

/// Passes values without parts on, and text and values with parts through a guard.
macro_rules! pass_on {
    (plain $($name:ident)*) => { $(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            self.inner.$name(visitor)
        }
    )* };
    (guarded $($name:ident($($argument:ident: $type:ty),*))*) => { $(
        fn $name<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, Self::Error> {
            let visitor = self.around(visitor);
            self.limits.nested(|| self.inner.$name($($argument,)* visitor))
        }
    )* };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Guarded<'_, D> {
    type Error = D::Error;

    pass_on!(plain deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32
        deserialize_f64 deserialize_char deserialize_bytes deserialize_byte_buf deserialize_unit
        deserialize_identifier);
    pass_on!(guarded deserialize_any() deserialize_ignored_any() deserialize_str() deserialize_string()
        deserialize_option() deserialize_seq() deserialize_map()
        deserialize_unit_struct(name: &'static str)
        deserialize_newtype_struct(name: &'static str)
        deserialize_tuple(length: usize)
        deserialize_tuple_struct(name: &'static str, length: usize)
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str]));

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// Passes the parts of a value on through a guard.
macro_rules! visit_parts {
    ($($name:ident($access:ident))*) => { $(
        fn $name<P: $access<'de>>(self, parts: P) -> Result<V::Value, P::Error> {
            let parts = self.around(parts);
            self.inner.$name(parts)
        }
    )* };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Guarded<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        self.inner.visit_string(mask_dangerous(text))
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    visit_parts!(visit_some(Deserializer) visit_newtype_struct(Deserializer) visit_seq(SeqAccess) visit_map(MapAccess)
        visit_enum(EnumAccess));
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Guarded<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<S::Value, D::Error> {
        let value = self.around(value);
        self.inner.deserialize(value)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Guarded<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.limits.charge(size_of::<S::Value>())?;
        let seed = self.around(seed);
        self.inner.next_element_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Guarded<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.limits.charge(size_of::<S::Value>())?;
        let seed = self.around(seed);
        self.inner.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.limits.charge(size_of::<S::Value>())?;
        let seed = self.around(seed);
        self.inner.next_value_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'a, 'de, A: EnumAccess<'de>> EnumAccess<'de> for Guarded<'a, A> {
    type Error = A::Error;
    type Variant = Guarded<'a, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let limits = self.limits;
        self.inner.variant_seed(seed).map(|(variant, inner)| (variant, Guarded { inner, limits }))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Guarded<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.around(seed);
        self.inner.newtype_variant_seed(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, A::Error> {
        let visitor = self.around(visitor);
        self.inner.tuple_variant(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = self.around(visitor);
        self.inner.struct_variant(fields, visitor)
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Nested {
        Text { text: String, more: Option<(u8, Vec<String>)> },
        Not(Box<Nested>),
        All(Vec<Nested>),
    }

    fn text(text: &str) -> Nested {
        Nested::Text { text: text.into(), more: Some((7, vec![text.into()])) }
    }

    #[test]
    fn value_within_the_limits_is_decoded_and_its_text_is_safe() {
        let value = |words| Nested::All(vec![Nested::Not(Box::new(text(words))), text("ok")]);
        let bytes = postcard::to_stdvec(&value("\x1b]0;x\x07\u{202e}")).unwrap();
        let mut room = 10_000;
        assert_eq!(from_untrusted(&bytes, 10, &mut room), Some(value("?]0;x?\u{fffd}")));
        assert!(room < 10_000);
    }

    #[test]
    fn depth_and_size_are_limited() {
        let deep = vec![1; 1 << 20];
        assert_eq!(from_untrusted::<Nested>(&deep, 100, &mut { MAX_DECODED }), None);
        let mut wide = vec![2, 0xff, 0xff, 0xff, 0x0f];
        wide.resize(1 << 20, 0);
        let mut room = 1_000;
        assert_eq!(from_untrusted::<Nested>(&wide, 100, &mut room), None);
        assert!(room < 100, "{room}");
    }
}
