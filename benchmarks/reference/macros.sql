-- Words for what the criteria sets say over and over. A comparison with a missing answer is null,
-- which is how SQL's own three-valued logic carries `unknown`.

create macro as_of() as getvariable('as_of');

-- How many records pass: no firm has thirty thousand.
create macro number(passes) as count_if(passes)::smallint;

-- 0 unmet, 1 met, 2 unknown; 3 where the criterion does not apply to the firm.
create macro outcome(holds) as coalesce(holds::tinyint, 2::tinyint);
create macro outcome_when(applies, holds) as
  case when not applies then 3 when holds then 1 when applies and not holds then 0 else 2 end::tinyint;

-- What closes an unmet criterion, in its own unit.
create macro gap(holds, missing) as case when not holds then (missing)::bigint end;

-- Closeness of a value to its target in ten-thousandths, below one and rounded down.
create macro near(value, target) as
  case when target > 0 then least(greatest((value)::bigint * 10000 // (target), 0), 9999) else 0 end;

create macro gap_when(applies, holds, missing) as
  case when applies and not holds then (missing)::bigint end;

-- What a criterion adds to the mean: all of it if met, its closeness if unmet, nothing if unknown.
create macro share(holds, closeness) as
  case when holds then 10000 when not holds then closeness else 0 end;

create macro share_when(applies, holds, closeness) as
  case when applies is not false and holds then 10000
    when applies and not holds then closeness else 0 end;

-- a / b >= p / q, never divided out; nothing can be said of a share in nothing.
create macro ratio_reaches(a, b, p, q) as case when b > 0 then (q) * (a) >= (p) * (b) end;
create macro ratio_stays(a, b, p, q) as case when b > 0 then (q) * (a) <= (p) * (b) end;
-- By how much `a` must rise, or fall.
create macro ratio_short(a, b, p, q) as ((p) * (b) - (q) * (a) + (q) - 1) // (q);
create macro ratio_above(a, b, p, q) as ((q) * (a) - (p) * (b) + (q) - 1) // (q);

-- Counts and points lie between what is sure and what may be; an open upper end is null.
create macro reaches(low, high, least_number) as
  case when low >= least_number then true when high < least_number then false end;

-- Years before the one of registration add nothing to a sum; `first_year` counts from this year.
create macro lived(first_year, back, figure) as
  case when first_year > back then 0::bigint else figure end;
