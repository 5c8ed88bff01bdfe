//! Gathers the declarations of every model in the program at link time.

use core::any::TypeId;
use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

use cache_core::tables::{self, LookupDeclaration, NamedType, Tables};

use crate::catalogue::AskedColumn;
use crate::model::cached_model::{CachedModel, LookupDefinition};
use crate::model::comparison::{Comparison, Stated};
use crate::model::definition::Definition;
use crate::model::printed::KeyPart;
use crate::model::table::{NamedTable, table_name};

/// What `#[derive(Cached)]` submits for each model.
#[derive(Debug)]
pub struct Declaration {
    declare: fn() -> tables::Declaration,
    has_schema: fn() -> bool,
    definition: Definition,
    stated: fn() -> Vec<Stated>,
    key_comparison: fn() -> Comparison,
    key_parts: fn() -> Vec<KeyPart>,
    lookups: fn() -> Vec<LookupDefinition>,
    model: fn() -> TypeId,
}

impl Declaration {
    /// The declaration of `M`.
    #[must_use]
    pub const fn of<M: CachedModel>() -> Self {
        Self {
            declare: declare::<M>,
            has_schema: <M::Table as NamedTable>::has_schema,
            definition: M::DEFINITION,
            stated: M::stated,
            key_comparison: M::key_comparison,
            key_parts: M::key_parts,
            lookups: M::lookups,
            model: TypeId::of::<M>,
        }
    }
}

inventory::collect!(Declaration);

/// Everything that was declared about tables.
pub(crate) fn tables() -> &'static Tables {
    static TABLES: LazyLock<Tables> =
        LazyLock::new(|| Tables::new(inventory::iter::<Declaration>().map(|declaration| (declaration.declare)())));
    &TABLES
}

/// Whether `table` is declared in a schema; on MySQL that is a database.
pub(crate) fn has_schema(table: &str) -> bool {
    static WITH_SCHEMA: LazyLock<HashSet<String>> = LazyLock::new(|| {
        let declarations = inventory::iter::<Declaration>();
        declarations.filter(|it| (it.has_schema)()).map(|it| (it.declare)().table).collect()
    });
    WITH_SCHEMA.contains(table)
}

/// What each model declares, and what is known of its key.
pub(crate) fn each() -> impl Iterator<Item = (tables::Declaration, DeclaredKey)> {
    inventory::iter::<Declaration>().map(|declaration| {
        let key = DeclaredKey { comparison: (declaration.key_comparison)(), parts: (declaration.key_parts)() };
        ((declaration.declare)(), key)
    })
}

/// All columns of keys and of scopes whose types do not say how values are compared, and all of which models say it though
/// their types do not, in order.
pub(crate) fn asked_columns() -> &'static [AskedColumn] {
    static COLUMNS: LazyLock<Vec<AskedColumn>> = LazyLock::new(|| {
        let of_model = |declaration: &Declaration| {
            let table = (declaration.declare)().table;
            let key = (declaration.key_comparison)();
            let scopes = (declaration.lookups)().into_iter().filter(|lookup| !lookup.declaration.is_unique);
            let comparisons: Vec<Comparison> = scopes.map(|scope| scope.comparison).chain([key]).collect();
            let columns = comparisons.iter().flat_map(Comparison::asked).map(|column| (*column, false));
            let stated = (declaration.stated)().into_iter().filter(|stated| !stated.is_by_type);
            let stated = stated.map(|stated| (stated.column, true));
            let asked = |(column, is_stated)| AskedColumn { table: table.clone(), column, is_stated };
            columns.chain(stated).map(asked).collect::<Vec<_>>()
        };
        let columns: BTreeSet<AskedColumn> = inventory::iter::<Declaration>().flat_map(of_model).collect();
        columns.into_iter().collect()
    });
    &COLUMNS
}

/// The columns of keys, scopes and unique look-ups that compare bytes by their types, whatever the database: the table, the
/// column.
pub(crate) fn columns_by_type() -> Vec<(String, String)> {
    let of_model = |declaration: &Declaration| {
        let tables::Declaration { table, key, .. } = (declaration.declare)();
        let by_type = |comparison: Comparison| comparison == Comparison::Bytes;
        let looked_up = (declaration.lookups)().into_iter().filter(|lookup| by_type(lookup.comparison.clone()));
        let looked_up = looked_up.flat_map(|lookup| lookup.declaration.columns).map(|column| (*column).to_owned());
        let key = if by_type((declaration.key_comparison)()) { columns_of_key(&key.0) } else { Vec::new() };
        looked_up.chain(key).map(|column| (table.clone(), column)).collect::<Vec<_>>()
    };
    inventory::iter::<Declaration>().flat_map(of_model).collect()
}

/// The columns of a key, by how it is declared.
pub(crate) fn columns_of_key(key: &str) -> Vec<String> {
    let name = |column: &str| column.rsplit('.').next().unwrap_or(column).to_owned();
    key.split(',').map(|column| name(column).trim_matches(['(', ')', ' ', '`', '"']).to_lowercase()).collect()
}

/// Whether a model of `table` says how a column is compared.
pub(crate) fn is_stated(table: &str) -> bool {
    asked_columns().iter().any(|asked| asked.is_stated && asked.table == table)
}

/// What each model says to be compared byte by byte: its path, its table, the column.
pub(crate) fn statements() -> impl Iterator<Item = (String, String, &'static str)> {
    inventory::iter::<Declaration>().flat_map(|declaration| {
        let of_column = |stated: Stated| (declaration.definition.path(), (declaration.declare)().table, stated.column);
        (declaration.stated)().into_iter().map(of_column)
    })
}

/// What is known of the key of a model.
#[derive(Debug)]
pub(crate) struct DeclaredKey {
    pub(crate) comparison: Comparison,
    /// Its columns, in order.
    pub(crate) parts: Vec<KeyPart>,
}

/// A model of the program, and what its manager is called.
pub(crate) struct DeclaredModel {
    pub(crate) definition: Definition,
    pub(crate) manager: String,
    pub(crate) model: TypeId,
}

impl DeclaredModel {
    /// The model's path.
    pub(crate) fn path(&self) -> String {
        self.definition.path()
    }
}

/// Every model of the program.
pub(crate) fn declared() -> Vec<DeclaredModel> {
    let declared = |declaration: &Declaration| {
        let (definition, table) = (declaration.definition, (declaration.declare)().table);
        DeclaredModel { definition, manager: manager_name(&definition, &table), model: (declaration.model)() }
    };
    inventory::iter::<Declaration>().map(declared).collect()
}

/// The tables of the program's models, each once.
#[cfg(feature = "manage")]
pub(crate) fn tables_of_models() -> BTreeSet<String> {
    inventory::iter::<Declaration>().map(|declaration| (declaration.declare)().table).collect()
}

/// What a model says of its table.
pub(crate) struct ModelOfTable {
    /// What it says of its table.
    pub(crate) declaration: tables::Declaration,
    /// The struct's name.
    pub(crate) name: &'static str,
    /// The struct's path.
    pub(crate) path: String,
}

/// What every model of the program says of its table.
pub(crate) fn models_of_tables() -> Vec<ModelOfTable> {
    let of = |declaration: &Declaration| {
        let definition = declaration.definition;
        ModelOfTable { declaration: (declaration.declare)(), name: definition.name, path: definition.path() }
    };
    inventory::iter::<Declaration>().map(of).collect()
}

/// What a manager is called: its `key`, or its table's name; with the model's name where several models
/// of the table have no `key`.
pub(crate) fn manager_name(definition: &Definition, table: &str) -> String {
    if let Some(key) = definition.key {
        return key.to_owned();
    }
    let nameless = |declaration: &&Declaration| declaration.definition.key.is_none();
    let same_table = |declaration: &&Declaration| (declaration.declare)().table == table;
    if inventory::iter::<Declaration>().filter(nameless).filter(same_table).count() > 1 {
        return format!("{table}:{}", definition.name);
    }
    table.to_owned()
}

fn declare<M: CachedModel>() -> tables::Declaration {
    tables::Declaration {
        table: table_name::<M::Table>(),
        key: (M::Table::key_sql(), NamedType::of::<M::Id>()),
        lookups: lookups_of::<M>(),
        dependencies: M::dependencies().into_iter().map(|dependency| dependency.0).collect(),
    }
}

pub(crate) fn lookups_of<M: CachedModel>() -> Vec<LookupDeclaration> {
    M::lookups().into_iter().map(|definition| definition.declaration).collect()
}
