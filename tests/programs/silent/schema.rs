//! The tables.

diesel::table! {
    /// Things that are sold.
    products (id) {
        /// The key.
        id -> Integer,
        /// Who made it.
        maker_id -> Integer,
        /// Who packs it, if anybody.
        packer_id -> Nullable<Integer>,
        /// Its place in an address.
        slug -> Text,
        /// Where it lies, if anywhere.
        shelf -> Nullable<Text>,
        /// Until when it is sold.
        valid_until -> Nullable<BigInt>,
        /// A column with the name of a keyword.
        r#type -> Text,
    }
}

diesel::table! {
    /// Those who make them.
    makers (id) {
        /// The key.
        id -> Integer,
        /// What they are called.
        name -> Text,
    }
}

diesel::table! {
    /// Those who pack them.
    packers (id) {
        /// The key.
        id -> Integer,
    }
}

diesel::table! {
    /// What products are made of.
    parts (product_id, number) {
        /// Of which product.
        product_id -> Integer,
        /// Which one of its parts.
        number -> Integer,
    }
}

diesel::table! {
    /// What makers have won.
    prizes (id) {
        /// The key.
        id -> Integer,
        /// Who won it.
        maker_id -> Integer,
    }
}

diesel::table! {
    /// Words for products.
    tags (id) {
        /// The key.
        id -> BigInt,
        /// The word.
        word -> Text,
    }
}

diesel::table! {
    /// Which words are for which products.
    product_tags (product_id, tag_id) {
        /// The product.
        product_id -> Integer,
        /// The word.
        tag_id -> BigInt,
    }
}

diesel::joinable!(products -> makers (maker_id));
diesel::joinable!(products -> packers (packer_id));
diesel::joinable!(parts -> products (product_id));
diesel::joinable!(product_tags -> tags (tag_id));
diesel::allow_tables_to_appear_in_same_query!(makers, packers, parts, prizes, product_tags, products, tags);
