CREATE TABLE households (
    household_id text,
    name text,
    invite_code text,
    country_code text,
    time_zone text,
    created_at timestamptz,
    updated_at timestamptz,
    deleted_at timestamptz,
    PRIMARY KEY (household_id)
);
CREATE INDEX households_updated_at ON households (updated_at);

CREATE TABLE household_members (
    member_id text,
    household_id text,
    user_id text,
    joined_at timestamptz,
    role text,
    created_at timestamptz,
    updated_at timestamptz,
    deleted_at timestamptz,
    PRIMARY KEY (member_id)
);
CREATE INDEX household_members_updated_at ON household_members (updated_at);

CREATE TABLE users (
    user_id text,
    email text,
    display_name text,
    phone text,
    country_code text,
    acquisition_channel text,
    is_email_verified boolean,
    last_login_at timestamptz,
    created_at timestamptz,
    updated_at timestamptz,
    deleted_at timestamptz,
    PRIMARY KEY (user_id)
);
CREATE INDEX users_updated_at ON users (updated_at);

CREATE TABLE pets (
    pet_id text,
    household_id text,
    name text,
    species text,
    breed text,
    birth_date date,
    weight_kg numeric(9,3),
    created_at timestamptz,
    updated_at timestamptz,
    deleted_at timestamptz,
    PRIMARY KEY (pet_id)
);
CREATE INDEX pets_updated_at ON pets (updated_at);

CREATE TABLE tasks (
    task_id text,
    household_id text,
    pet_id text,
    task_type text,
    title text,
    status text,
    assigned_user_id text,
    completed_user_id text,
    due_at timestamptz,
    completed_at timestamptz,
    created_at timestamptz,
    updated_at timestamptz,
    deleted_at timestamptz,
    PRIMARY KEY (task_id)
);
CREATE INDEX tasks_updated_at ON tasks (updated_at);

CREATE TABLE activity_logs (
    activity_id text,
    user_id text,
    household_id text,
    activity_type text,
    occurred_at timestamptz,
    details jsonb,
    created_at timestamptz,
    updated_at timestamptz,
    deleted_at timestamptz,
    PRIMARY KEY (activity_id)
);
CREATE INDEX activity_logs_updated_at ON activity_logs (updated_at);

CREATE TABLE subscriptions (
    subscription_id text,
    household_id text,
    plan text,
    status text,
    price_cents bigint,
    currency text,
    started_at timestamptz,
    ended_at timestamptz,
    created_at timestamptz,
    updated_at timestamptz,
    deleted_at timestamptz,
    PRIMARY KEY (subscription_id)
);
CREATE INDEX subscriptions_updated_at ON subscriptions (updated_at);
