//! What is asked of the service. A user is named by the key that a verified token holds.

use crate::database::Id;

pub(crate) type Viewer = Option<Id>;

#[derive(Clone, Debug)]
pub(crate) enum Request {
    Register { username: &'static str, email: &'static str, password: &'static str },
    Login { email: &'static str, password: &'static str },
    CurrentUser { me: Id },
    UpdateUser { me: Id, bio: &'static str, image: Option<&'static str> },
    Profile { viewer: Viewer, username: &'static str },
    Follow { me: Id, username: &'static str },
    Unfollow { me: Id, username: &'static str },
    Articles { viewer: Viewer, wanted: Wanted },
    Feed { me: Id, page: Page },
    Article { viewer: Viewer, slug: &'static str },
    CreateArticle { me: Id, new: NewArticle },
    UpdateArticle { me: Id, slug: &'static str, body: &'static str },
    DeleteArticle { me: Id, slug: &'static str },
    Comments { viewer: Viewer, slug: &'static str },
    CreateComment { me: Id, slug: &'static str, body: &'static str },
    DeleteComment { me: Id, slug: &'static str, comment: Id },
    Favorite { me: Id, slug: &'static str },
    Unfavorite { me: Id, slug: &'static str },
    Tags,
}

/// Which articles: each condition may be there or not.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) tag: Option<&'static str>,
    pub(crate) author: Option<&'static str>,
    pub(crate) favorited: Option<&'static str>,
    pub(crate) page: Page,
}

/// Which part of a result.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) limit: i64,
    pub(crate) offset: i64,
}

impl Default for Page {
    fn default() -> Self {
        Self { limit: 20, offset: 0 }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct NewArticle {
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
    pub(crate) body: &'static str,
    pub(crate) tags: &'static [&'static str],
}
