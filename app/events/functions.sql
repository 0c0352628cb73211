-- The change feed reads the trail, so that writing costs nothing more and no write can be missed. A
-- position is the number of an act's link in the chain, which follows the order of commits, times
-- 2^24, plus the number of the row among that act's rows.

create function feed_head() returns bigint
language sql stable security definer set search_path = {schema}, pg_temp
as $$ select coalesce(max(seq), 0) from audit_link $$;

-- The first link that is still told of.
create function feed_oldest(since timestamptz) returns bigint
language sql stable security definer set search_path = {schema}, pg_temp
as $$ select coalesce((select seq from audit_link where entry_at >= since order by entry_at limit 1),
                      (select max(seq) + 1 from audit_link), 1) $$;

-- Whether an organisation could know of a firm on the day.
create function feed_sees(body int, firm int, day date) returns boolean
language sql stable security definer set search_path = {schema}, pg_temp
as $$
  select exists (select from location where firm_id = firm and park_id = body
                 and during @> day and superseded_at is null)
      or exists (select from residency where firm_id = firm and incubator_id = body
                 and during @> day and superseded_at is null)
$$;

-- Whether the declared actor knows of what belongs to no firm: of what organisations host who knows of
-- every firm, of a carrier the carrier itself too. Leads are known as `attraction.queries.visible` has
-- it; a lead that is gone, to the bureau.
create function feed_sees_apart(district boolean, body int, of_table text, key text) returns boolean
language plpgsql stable security definer set search_path = {schema}, pg_temp as $$
declare
  acting jsonb := coalesce(nullif(current_setting('tidu.acting', true), ''), '{{}}')::jsonb;
  officer boolean := acting ->> 'role' = 'officer';
  department int := (acting ->> 'organisation_id')::int;
  number int;
  found_lead record;
begin
  if of_table = 'platform' then return district; end if;
  if of_table = 'carrier' then return district or key = body::text; end if;
  number := case of_table when 'lead' then key::int
            else (select lead_id from lead_step where id = key::int) end;
  select * into found_lead from lead where id = number;
  if not found then return district and not officer; end if;
  if not district then return found_lead.park_id = body; end if;
  return not officer or found_lead.organisation_id = department or exists (
    select from task join organisation as named
      on named.code = any(task.lead) or named.code = any(task.supporting)
    where task.code = '3' and (named.id = department or exists (
      select from organisation_member where group_id = named.id and member_id = department)));
end $$;

-- The next changes of firms and their facts, as far as the declared actor could know of the firm on
-- the day of the change, and of what belongs to no firm. The last row, without a table, says up to where was looked.
create function feed_after(past bigint, records text[], most int) returns table (
  seq bigint, at timestamptz, name text, organisation_id int, request_id text, table_name text,
  action text, firm_id int, key text, before jsonb, after jsonb)
language plpgsql stable security definer set search_path = {schema}, pg_temp as $$
#variable_conflict use_column
declare
  district boolean := current_setting('role') = 'tidu_district';
  body int := case when current_setting('role') = 'tidu_scope'
              then nullif(current_setting('tidu.organisation', true), '')::int end;
  act record;
  looked bigint := past;
  left_to_find int := most;
  found_now int;
  beyond bigint;
  day date;
begin
  if not district and body is null then return; end if;
  for act in
    select link.seq as link, entry.* from audit_link as link
    left join audit_entry as entry on entry.id = link.entry_id and entry.at = link.entry_at
      and entry.action in ('insert', 'update', 'delete')
      and entry.table_name <> all(array['firm_year', 'firm_history', 'contact', 'document_part', 'entry_draft', 'pool_norm',
        'case_peer'])
      and (records is null or entry.table_name = any(records))
    where link.seq >= past >> 24 order by link.seq limit 5000
  loop
    if act.id is not null then
      day := (act.at at time zone '{time_zone}')::date;
      beyond := greatest(past - (act.link << 24), 0);
      -- Each in the order of its key, so that a page of a large act reads no more than a page.
      if act.table_name in ('assessment', 'flag') then  -- an insert has all of a firm's in one row
        return query
          select (act.link << 24) + (r.n - 1) * 64 + each.place, act.at, act.name::text,
                 act.organisation_id, act.request_id::text, act.table_name::text,
                 act.action::text, r.firm_id, each.key, r.before, r.after
          from audit_row as r, string_to_table(r.key, ',') with ordinality as each (key, place)
          where r.entry_id = act.id and r.at = act.at and r.n >= (beyond - 1) / 64 + 1
            and (r.n - 1) * 64 + each.place > beyond and (district or feed_sees(body, r.firm_id, day))
          order by r.n, each.place limit left_to_find;
      else
        return query
          select (act.link << 24) + r.n, act.at, act.name::text, act.organisation_id,
                 act.request_id::text, act.table_name::text, act.action::text, r.firm_id,
                 r.key::text, r.before, r.after
          from audit_row as r
          where r.entry_id = act.id and r.at = act.at and r.n > beyond
            and (r.firm_id is not null
                 or act.table_name in ('platform', 'carrier', 'lead', 'lead_step'))
            and not (act.table_name = 'submission' and act.action = 'update'
                     and jsonb_exists(r.after, 'superseded_at'))
            and case when r.firm_id is null or act.table_name = 'lead'
                then feed_sees_apart(district, body, act.table_name, r.key)
                else district or feed_sees(body, r.firm_id, day) end
          order by r.n limit left_to_find;
      end if;
      get diagnostics found_now = row_count;
      left_to_find := left_to_find - found_now;
      exit when left_to_find = 0;
    end if;
    looked := (act.link << 24) + 16777215;
  end loop;
  if left_to_find > 0 then
    return query select looked, null::timestamptz, null::text, null::int, null::text, null::text,
      null::text, null::int, null::text, null::jsonb, null::jsonb;
  end if;
end $$;
