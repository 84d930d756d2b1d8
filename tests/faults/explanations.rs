//! What a verdict says: rings, victims, holders and fixes.
