CREATE TABLE users (
    id {key} PRIMARY KEY NOT NULL, username TEXT NOT NULL UNIQUE, email TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL,
    bio TEXT NOT NULL, image TEXT
);
CREATE TABLE follows (
    follower_id {key} NOT NULL REFERENCES users (id), followed_id {key} NOT NULL REFERENCES users (id),
    PRIMARY KEY (follower_id, followed_id)
);
CREATE TABLE articles (
    id {key} PRIMARY KEY NOT NULL, author_id {key} NOT NULL REFERENCES users (id), slug TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL, description TEXT NOT NULL, body TEXT NOT NULL, created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE TABLE article_tags (
    article_id {key} NOT NULL REFERENCES articles (id), name TEXT NOT NULL, PRIMARY KEY (article_id, name)
);
CREATE TABLE favorites (
    article_id {key} NOT NULL REFERENCES articles (id), user_id {key} NOT NULL REFERENCES users (id),
    PRIMARY KEY (article_id, user_id)
);
CREATE TABLE comments (
    id {key} PRIMARY KEY NOT NULL, article_id {key} NOT NULL REFERENCES articles (id),
    author_id {key} NOT NULL REFERENCES users (id), body TEXT NOT NULL, created_at BIGINT NOT NULL
);
