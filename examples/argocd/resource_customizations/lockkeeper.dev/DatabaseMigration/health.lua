-- What Argo CD shows of a DatabaseMigration, and what a sync waits for. Only what was observed of this generation counts.
local health = { status = "Progressing", message = "Waiting for the operator" }

if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return health
end

local found = {}
for _, condition in ipairs(obj.status.conditions or {}) do
  if condition.status == "True" or condition.type == "Ready" then
    found[condition.type] = condition
  end
end

local ready = found.Ready
if ready == nil then
  return health
end
health.message = ready.reason .. ": " .. ready.message

if found.Stalled ~= nil then
  -- Somebody has to change something.
  health.status = "Degraded"
elseif found.Reconciling ~= nil then
  health.status = "Progressing"
elseif ready.status == "True" then
  health.status = "Healthy"
elseif ready.reason == "Suspended" then
  health.status = "Suspended"
end

-- The release runs on the schema that it needs, and yet somebody should look: a runbook tells how.
if found.Drifted ~= nil then
  health.message = health.message .. " (" .. found.Drifted.reason .. ": " .. found.Drifted.message .. ")"
end
return health
