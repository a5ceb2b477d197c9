-- Stores one step of an instance in one call: state, waits, history, decisions, records.
-- `p_changes` holds what is not empty: closed_<wait> / opened_<wait> lists, history, decisions, records,
-- expected, reached; `subject` once it is known; `occurred_at` when the step is entered after it happened:
-- decisions and records carry that moment, everything else the moment of entry (`p_at`).
-- Fails with TC409 when the instance's revision has moved on.
create function store_step(
    p_instance bigint,
    p_revision integer,
    p_body bytea,
    p_state text,
    p_outcome text,
    p_at timestamptz,
    p_changes jsonb
) returns void
language plpgsql
as $$
declare
    v_version bigint;
    v_process text;
    v_unit bigint;
    v_path text;
    v_subject text;
    v_occurred timestamptz := coalesce((p_changes ->> 'occurred_at')::timestamptz, p_at);
begin
    update instance
    set revision = p_revision + 1, body = p_body, state = p_state, outcome = p_outcome, progressed_at = p_at,
        ended_at = case when p_state = 'active' then null else p_at end,
        subject = coalesce(subject, p_changes ->> 'subject')
    where instance_id = p_instance and revision = p_revision
    returning version_id, process, unit_id, unit_path, subject into v_version, v_process, v_unit, v_path, v_subject;
    if not found then
        raise exception 'instance % has moved on', p_instance using errcode = 'TC409';
    end if;

    if p_changes ? 'closed_user_task' then
        delete from user_task w using jsonb_to_recordset(p_changes -> 'closed_user_task') c(token int, element text)
        where w.instance_id = p_instance and w.token = c.token and w.element = c.element;
        delete from draft d using jsonb_to_recordset(p_changes -> 'closed_user_task') c(token int)
        where d.instance_id = p_instance and d.token = c.token;
    end if;
    if p_changes ? 'closed_job' then
        delete from job w using jsonb_to_recordset(p_changes -> 'closed_job') c(token int, element text)
        where w.instance_id = p_instance and w.token = c.token and w.element = c.element and w.kind = 'service';
    end if;
    if p_changes ? 'closed_timer' then
        delete from timer w using jsonb_to_recordset(p_changes -> 'closed_timer') c(token int, element text)
        where w.instance_id = p_instance and w.token = c.token and w.element = c.element;
    end if;
    if p_changes ? 'closed_message' then
        delete from subscription w using jsonb_to_recordset(p_changes -> 'closed_message') c(token int, element text)
        where w.instance_id = p_instance and w.token = c.token and w.element = c.element;
    end if;
    if p_changes ? 'closed_call' then
        delete from call w using jsonb_to_recordset(p_changes -> 'closed_call') c(token int, element text)
        where w.instance_id = p_instance and w.token = c.token and w.element = c.element;
    end if;
    if p_changes ? 'closed_incident' then
        delete from incident w using jsonb_to_recordset(p_changes -> 'closed_incident') c(token int, element text)
        where w.instance_id = p_instance and w.token = c.token and w.element = c.element;
    end if;
    if p_changes ? 'closed_service_level' then
        delete from service_level w using jsonb_to_recordset(p_changes -> 'closed_service_level') c(token int)
        where w.instance_id = p_instance and w.token = c.token;
    end if;
    if p_state = 'cancelled' then  -- whoever ended the case has said why; nothing need follow any more
        delete from expectation w where w.instance_id = p_instance;
    end if;
    if p_changes ? 'reached' then
        delete from expectation w
        where w.instance_id = p_instance
            and w.reaches in (select value from jsonb_array_elements_text(p_changes -> 'reached'));
    end if;

    if p_changes ? 'subject' then  -- what somebody has open already is about them too
        update user_task w set subject = v_subject where w.instance_id = p_instance;
    end if;
    if p_changes ? 'opened_user_task' then
        insert into user_task (
            instance_id, token, element, process, version_id, lane, role, unit_id, unit_path, subject, created_at, due_at
        )
        select p_instance, o.token, o.element, v_process, v_version, o.lane, o.role, coalesce(o.unit_id, v_unit),
            coalesce(o.unit_path, v_path), v_subject, p_at, o.due_at
        from jsonb_to_recordset(p_changes -> 'opened_user_task')
            o(token int, element text, lane text, role text, unit_id bigint, unit_path text, due_at timestamptz);
    end if;
    if p_changes ? 'opened_job' then
        insert into job (instance_id, token, element, kind, name, inputs, available_at, created_at)
        select p_instance, o.token, o.element, o.kind, o.name, o.inputs, p_at, p_at
        from jsonb_to_recordset(p_changes -> 'opened_job')
            o(token int, element text, kind text, name text, inputs jsonb)
        on conflict do nothing;
    end if;
    if p_changes ? 'opened_timer' then
        insert into timer (instance_id, token, element, due_at)
        select p_instance, o.token, o.element, o.due_at
        from jsonb_to_recordset(p_changes -> 'opened_timer') o(token int, element text, due_at timestamptz);
    end if;
    if p_changes ? 'opened_message' then
        insert into subscription (instance_id, token, element, message, key, created_at)
        select p_instance, o.token, o.element, o.name, o.key, p_at
        from jsonb_to_recordset(p_changes -> 'opened_message') o(token int, element text, name text, key text);
    end if;
    if p_changes ? 'opened_call' then
        insert into call (instance_id, token, element, process, created_at)
        select p_instance, o.token, o.element, o.name, p_at
        from jsonb_to_recordset(p_changes -> 'opened_call') o(token int, element text, name text);
    end if;
    if p_changes ? 'opened_incident' then
        insert into incident (instance_id, token, element, code, params, process, unit_path, opened_at)
        select p_instance, o.token, o.element, o.name, coalesce(o.params, '{}'), v_process, v_path, p_at
        from jsonb_to_recordset(p_changes -> 'opened_incident') o(token int, element text, name text, params jsonb);
    end if;
    if p_changes ? 'opened_service_level' then
        insert into service_level (instance_id, token, element, process, unit_path, created_at, due_at)
        select p_instance, o.token, o.element, v_process, v_path, p_at, o.due_at
        from jsonb_to_recordset(p_changes -> 'opened_service_level') o(token int, element text, due_at timestamptz)
        on conflict do nothing;
    end if;
    if p_changes ? 'expected' then
        insert into expectation (instance_id, token, element, reaches, process, unit_path, due_at)
        select p_instance, o.token, o.element, o.reaches, v_process, v_path, o.due_at
        from jsonb_to_recordset(p_changes -> 'expected') o(token int, element text, reaches text, due_at timestamptz)
        on conflict do nothing;
    end if;

    insert into history (instance_id, seq, at, event, element, token, actor_id, version_id, details)
    values (
        p_instance, p_revision + 1, p_at, p_changes ->> 'event', p_changes ->> 'element',
        (p_changes ->> 'token')::int, (p_changes ->> 'actor_id')::bigint, v_version, p_changes -> 'details'
    );
    if p_changes ? 'decisions' then
        insert into decision_log (
            instance_id, seq, at, process, version_id, decision, element, unit_path, inputs, outcome, rules, trace
        )
        select p_instance, o.seq, v_occurred, v_process, coalesce(o.version_id, v_version), o.decision, o.element, v_path,
            o.inputs, coalesce(o.outcome, 'null'), o.rules, o.trace
        from jsonb_to_recordset(p_changes -> 'decisions')
            o(seq int, version_id bigint, decision text, element text, inputs jsonb, outcome jsonb, rules int[],
              trace jsonb);
    end if;
    if p_changes ? 'records' then
        insert into record (instance_id, seq, kind, at, unit_path, subject, actor_id, version_id, entries)
        select p_instance, o.seq, o.kind, v_occurred, v_path, v_subject, (p_changes ->> 'actor_id')::bigint, v_version,
            o.entries
        from jsonb_to_recordset(p_changes -> 'records') o(seq int, kind text, entries jsonb);
        insert into tally_delta (kind, facet, unit_id, unit_path, "on")
        select o.kind, o.facet, v_unit, v_path, o."on"
        from jsonb_to_recordset(p_changes -> 'records') o(kind text, facet text, "on" date);
    end if;
end
$$;
