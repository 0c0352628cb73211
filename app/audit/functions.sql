-- The trail's functions. They run with the rights of their owner, so that who writes to a table needs
-- no right to write to its trail; `{schema}` is where the tables are.

-- Who acts, for whom, by which request and why, as declared for the transaction; else the system.
create function audit_enter(
  entry bigint, instant timestamptz, of_table text, action text, row_count bigint, detail jsonb,
  digest bytea
) returns void language plpgsql security definer set search_path = {schema}, pg_temp as $$
declare
  acting jsonb := coalesce(nullif(current_setting('tidu.acting', true), ''), '{{}}')::jsonb;
begin
  insert into audit_entry (id, at, user_id, token_id, name, role, organisation_id, request_id,
                           reason, table_name, action, row_count, detail, digest)
  values (entry, instant, (acting ->> 'user_id')::int, (acting ->> 'token_id')::int,
          coalesce(acting ->> 'name', 'system'), acting ->> 'role',
          (acting ->> 'organisation_id')::int, acting ->> 'request_id', acting ->> 'reason',
          of_table, action, row_count, detail, digest);
end $$;

-- A select of the rows that a statement changed: n, firm_id, key, before, after. It is written anew
-- each time from the table's columns as they are, so that a new column is never left out; naming
-- them is three times faster than turning whole rows into JSON and taking it apart again.
create function audit_changes(
  target regclass, operation text, firm name, whole_key name[], ignored name[], secret name[],
  derived boolean
) returns text language plpgsql stable set search_path = {schema}, pg_temp as $$
declare
  own_key name[] := array(select c from unnest(whole_key) as c where c is distinct from firm);
  key text; before text; after text; differs text; rows text;
begin
  if own_key = '{{}}' then own_key := whole_key; end if;
  if operation = 'UPDATE' then
    select
      string_agg(format('%L: case when %s then %s end', name, changed,
        case when hidden then '''(secret)''' else format('o.%I', name) end), ', '),
      string_agg(format('%L: case when %s then %s end', name, changed,
        case when hidden then '''(secret)''' else format('n.%I', name) end), ', '),
      string_agg(changed, ' or ') filter (where name <> all(ignored))
    into before, after, differs
    from (
      select attname as name, attname = any(secret) or attname ~ '{secret_names}' as hidden,
        format(case when atttypid in ('json'::regtype, 'xml'::regtype)
               then 'o.%1$I::text is distinct from n.%1$I::text'
               else 'o.%1$I is distinct from n.%1$I' end, attname) as changed
      from pg_attribute
      where attrelid = target and attnum > 0 and not attisdropped and attname <> all(own_key)
      order by attnum
    ) as columns;
    select string_agg(format('%I', c), ', ') into key from unnest(whole_key) as c;
    rows := format(
      'old_rows as o full join new_rows as n using (%s) where o.%I is null or n.%I is null or %s',
      key, whole_key[1], whole_key[1], coalesce(differs, 'false'));
  else
    select string_agg(format(case when attname = any(secret) or attname ~ '{secret_names}'
        then '%L: case when r.%I is not null then ''(secret)'' end' else '%L: r.%I' end,
        attname, attname), ', ' order by attnum)
    into after from pg_attribute
    where attrelid = target and attnum > 0 and not attisdropped
      and attname <> all(own_key) and attname is distinct from firm;
    if operation <> 'INSERT' then before := after; after := null; end if;
    rows := case operation when 'INSERT' then 'new_rows' when 'DELETE' then 'old_rows'
            else target::text end || ' as r';
  end if;
  select string_agg(case when c = any(secret) or c ~ '{secret_names}' then '''(secret)'''
                    when operation = 'UPDATE' then format('%I', c) else format('r.%I', c) end, ', ')
  into key from unnest(own_key) as c;
  if derived and operation = 'INSERT' and firm is not null then
    return format(
      'select row_number() over () as n, r.%1$I as firm_id, string_agg(concat_ws(''/'', %2$s), '','')'
      ' as key, null::jsonb as before, null::jsonb as after from %3$s group by r.%1$I',
      firm, key, rows);
  end if;
  return format(
    'select row_number() over () as n, %s as firm_id, concat_ws(''/'', %s) as key,'
    ' %s as before, %s as after from %s',
    case when firm is null then 'null::int'
         when operation = 'UPDATE' then format('coalesce(n.%1$I, o.%1$I)', firm)
         else format('r.%I', firm) end,
    key,
    coalesce('json_object(' || before || ' absent on null returning jsonb)', 'null::jsonb'),
    case when derived and operation = 'INSERT' then 'null::jsonb' else
    coalesce('json_object(' || after || ' absent on null returning jsonb)', 'null::jsonb') end,
    rows);
end $$;

-- One entry for a statement, one row for each row that it changed; nothing where nothing changed.
create function audit_change() returns trigger
language plpgsql security definer set search_path = {schema}, pg_temp as $$
declare
  entry bigint;
  instant timestamptz := clock_timestamp();
  number bigint;
  digest bytea;
begin
  if tg_op = 'INSERT' then perform from new_rows limit 1;
  elsif tg_op = 'TRUNCATE' then perform 1;
  else perform from old_rows limit 1;
  end if;
  if not found then return null; end if;
  entry := nextval('audit_entry_id_seq');
  execute format($q$
    with kept as (
      insert into audit_row (entry_id, n, at, firm_id, key, before, after)
      select $1, n, $2, firm_id, key, before, after from (%s) as changed
      returning n, sha256(convert_to(
        concat(firm_id, E'\x1f', before, E'\x1f', after, E'\x1f', key), 'UTF8')) as hash
    )
    select count(*), sha256(string_agg(hash, ''::bytea order by n)) from kept $q$,
    audit_changes(tg_relid, tg_op, nullif(tg_argv[0], ''), tg_argv[1]::name[],
                  tg_argv[2]::name[], tg_argv[3]::name[], tg_argv[4]::boolean))
  into number, digest using entry, instant;
  if number > 0 then
    perform audit_enter(entry, instant, tg_table_name, lower(tg_op), number, null, digest);
  end if;
  return null;
end $$;

-- A reading that is worth a note. Its firm, if it was of one, is kept as a row without values.
create function audit_read(what text, said jsonb, row_count bigint, firm int) returns void
language plpgsql security definer set search_path = {schema}, pg_temp as $$
declare
  entry bigint := nextval('audit_entry_id_seq');
  instant timestamptz := clock_timestamp();
  hashes bytea := '';
begin
  if firm is not null then
    insert into audit_row (entry_id, n, at, firm_id, key) values (entry, 1, instant, firm, '');
    hashes := sha256(convert_to(concat(firm, E'\x1f\x1f\x1f'), 'UTF8'));
  end if;
  perform audit_enter(entry, instant, what, 'read', row_count, said, sha256(hashes));
end $$;

-- Runs at the commit, for each entry in the order it was made; the lock is held until the commit is
-- done, so numbers have no gap and follow the order of commits.
create function audit_chain() returns trigger
language plpgsql security definer set search_path = {schema}, pg_temp as $$
declare
  last audit_link;
begin
  perform pg_advisory_xact_lock({chain_lock});
  select * into last from audit_link order by seq desc limit 1;
  insert into audit_link (seq, entry_id, entry_at, hash) values (
    coalesce(last.seq, 0) + 1, new.id, new.at,
    sha256(coalesce(last.hash, decode(repeat('00', 32), 'hex')) || convert_to(jsonb_build_array(
      new.id, to_char(new.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), new.user_id,
      new.token_id, new.name, new.role, new.organisation_id, new.request_id, new.reason,
      new.table_name, new.action, new.row_count, new.detail::text)::text, 'UTF8') || new.digest));
  return null;
end $$;

create function audit_refuse() returns trigger language plpgsql as $$
begin
  raise insufficient_privilege using message =
    format('%s only grows: %s is refused', tg_table_name, lower(tg_op));
end $$;

-- Who may read all of the trail.
create function audit_reader() returns boolean language sql stable
return coalesce(nullif(current_setting('tidu.acting', true), '')::jsonb ->> 'role' = 'auditor', false);

create function audit_attach(target regclass, ignored name[], secret name[], derived boolean)
returns void language plpgsql set search_path = {schema}, pg_temp as $$
declare
  firm text := case when target = 'firm'::regclass then 'id' else coalesce((
    select attname from pg_attribute
    where attrelid = target and attname = 'firm_id' and not attisdropped), '') end;
  whole_key name[] := array(
    select attname from pg_index join pg_attribute on attrelid = indrelid
    where indrelid = target and indisprimary and attnum = any(indkey) order by attnum);
  operation text; tables text; arguments text;
begin
  if whole_key = '{{}}' then raise 'table % has no primary key', target; end if;
  arguments := format('%L, %L, %L, %L, %L', firm, whole_key, ignored, secret, derived);
  foreach operation in array array['insert', 'update', 'delete', 'truncate'] loop
    tables := case operation when 'insert' then 'referencing new table as new_rows'
      when 'update' then 'referencing old table as old_rows new table as new_rows'
      when 'delete' then 'referencing old table as old_rows' else '' end;
    execute format(
      'create or replace trigger audit_%1$s %2$s %1$s on %3$s %4$s for each statement '
      'execute function audit_change(%5$s)',
      operation, case operation when 'truncate' then 'before' else 'after' end, target, tables,
      arguments);
  end loop;
end $$;

create function audit_detach(target regclass) returns void language plpgsql as $$
declare
  operation text;
begin
  foreach operation in array array['insert', 'update', 'delete', 'truncate'] loop
    execute format('drop trigger if exists audit_%s on %s', operation, target);
  end loop;
end $$;

-- A month's partitions, out of the application's direct reach.
create function audit_make_month(month date) returns boolean
language plpgsql set search_path = {schema}, pg_temp as $$
declare
  first timestamptz := month::timestamp at time zone '{time_zone}';
  beyond timestamptz := (month + interval '1 month')::timestamp at time zone '{time_zone}';
  parent text; part text;
begin
  if to_regclass('audit_row_' || to_char(month, 'YYYY_MM')) is not null then return false; end if;
  -- What came before its month was made stays where it is: nothing in the trail is moved.
  if exists (select from audit_entry_default where at >= first and at < beyond) then
    return false;
  end if;
  foreach parent in array array['audit_entry', 'audit_row'] loop
    part := parent || '_' || to_char(month, 'YYYY_MM');
    execute format('create table %I partition of %I for values from (%L) to (%L)',
                   part, parent, first, beyond);
    perform audit_seal(part::regclass);
  end loop;
  return true;
end $$;

-- Its rows stay, and it is reached through the trail alone.
create function audit_seal(part regclass) returns void language plpgsql as $$
begin
  execute format('create trigger only_grows_whole before truncate on %s '
                 'for each statement execute function audit_refuse()', part);
  execute format('revoke all on %s from tidu_app, tidu_scope, tidu_district', part);
end $$;

revoke execute on function audit_enter, audit_change, audit_chain, audit_attach, audit_detach,
  audit_make_month, audit_seal from public;
