#include "backend/plan_json.h"

#include "backend/plan_words.h"

namespace mlstack::backend {
namespace {

void writeRef(base::JsonWriter& out, const ObjectRef& ref) {
  out.beginObject()
      .field("apiVersion", ref.apiVersion)
      .field("kind", ref.kind)
      .field("namespace", ref.nameSpace)
      .field("name", ref.name)
      .endObject();
}

void writeTexts(base::JsonWriter& out, std::string_view name, const std::vector<std::string>& texts) {
  out.key(name).beginArray();
  for (const auto& text : texts) out.value(text);
  out.endArray();
}

/// Absent is null, so that an empty text is a value.
void writeValue(base::JsonWriter& out, std::string_view name, const FieldChange& change, const std::string& value) {
  out.key(name);
  if (value.empty() || change.redacted) out.null();
  else out.value(value);
}

void writeChange(base::JsonWriter& out, const FieldChange& change) {
  out.beginObject().field("path", change.path);
  writeValue(out, "before", change, change.before);
  writeValue(out, "after", change, change.after);
  out.field("frozen", change.frozen).field("redacted", change.redacted).endObject();
}

void writeStep(base::JsonWriter& out, const PlanStep& step, bool whole) {
  out.beginObject().field("action", word(step.action)).key("object");
  writeRef(out, step.object);
  out.field("place", step.place).field("why", step.why);
  out.key("changes").beginArray();
  for (const auto& change : step.changes) writeChange(out, change);
  out.endArray();
  out.key("conflicts").beginArray();
  for (const auto& conflict : step.conflicts) {
    out.beginObject()
        .field("path", conflict.path)
        .field("manager", conflict.manager)
        .field("theirs", conflict.theirs)
        .field("ours", conflict.ours)
        .endObject();
  }
  out.endArray();
  writeTexts(out, "warnings", step.warnings);
  out.field("dryRun", step.dryRun).field("notDryRun", step.notDryRun);
  if (whole) {
    out.field("group", step.group).field("uid", step.uid).field("resourceVersion", step.resourceVersion).field("seen", step.seen).field("body", step.body).field("bodyFirst", step.bodyFirst);
  }
  out.endObject();
}

void writeFate(base::JsonWriter& out, const StateFate& fate) {
  out.beginObject().field("fate", word(fate.fate)).key("object");
  writeRef(out, fate.object);
  out.field("volume", fate.volume)
      .field("size", fate.size)
      .field("newSize", fate.newSize)
      .field("why", fate.why)
      .field("instead", fate.instead)
      .field("consent", fate.consent)
      .field("consented", fate.consented)
      .field("step", fate.step)
      .endObject();
}

}  // namespace

void writePlan(base::JsonWriter& out, const Plan& plan, bool whole) {
  out.field("stack", plan.stack)
      .field("namespace", plan.nameSpace)
      .field("context", plan.context)
      .field("server", plan.server)
      .field("inventory", plan.inventory)
      .field("setId", plan.setId)
      .field("destroys", plan.destroys)
      .field("changes", plan.changes())
      .field("risksData", plan.risksData());
  out.key("summary").beginObject();
  for (const Action action : kActions) out.field(word(action), plan.count(action));
  out.endObject();
  out.key("steps").beginArray();
  for (const auto& step : plan.steps) writeStep(out, step, whole);
  out.endArray();
  out.key("state").beginArray();
  for (const auto& fate : plan.state) writeFate(out, fate);
  out.endArray();
  out.key("migrations").beginArray();
  for (const auto& migration : plan.migrations) {
    out.beginObject().key("object");
    writeRef(out, migration.object);
    out.field("what", migration.what);
    writeTexts(out, "steps", migration.steps);
    out.endObject();
  }
  out.endArray();
  writeTexts(out, "notes", plan.notes);
  writeTexts(out, "obstacles", obstacles(plan));
  if (whole) out.field("inventoryExists", plan.inventoryExists).field("origin", plan.origin).field("outputs", plan.outputs).field("graph", plan.graphSvg);
}

std::string planJson(const Plan& plan) {
  std::string text;
  base::JsonWriter out(text, 2);
  out.beginObject().field("version", 1);
  writePlan(out, plan, false);
  out.endObject();
  text += '\n';
  return text;
}

}  // namespace mlstack::backend
