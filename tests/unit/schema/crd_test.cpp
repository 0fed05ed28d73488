#include <gtest/gtest.h>

#include "schema/describe.h"
#include "schema/project.h"
#include "support.h"

namespace mlstack::schema {
namespace {

using test::check;
using test::Trees;
using Lines = std::vector<std::string>;

constexpr const char* kWidget = R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.org, annotations: {a: b}}
spec:
  group: example.org
  scope: Cluster
  names: {kind: Widget, plural: widgets, singular: widget}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        description: A widget.
        type: object
        required: [spec]
        properties:
          apiVersion: {type: string}
          kind: {type: string}
          metadata: {type: object}
          spec:
            type: object
            required: [size, mode, filled]
            properties:
              description: {type: string, description: prose, maxLength: 5}
              size: {type: integer, format: int32, minimum: 1, maximum: 10}
              mode: {type: string, enum: [Fast, Slow]}
              filled: {type: string, default: yes-please}
              ratio: {type: number}
              port: {x-kubernetes-int-or-string: true}
              name: {type: string, pattern: '^[a-z]+$', minLength: 2}
              free: {type: object, x-kubernetes-preserve-unknown-fields: true}
              extra: {type: object, properties: {known: {type: integer}}, x-kubernetes-preserve-unknown-fields: true}
              labels: {type: object, additionalProperties: {type: string}, maxProperties: 1}
              template: {type: object, x-kubernetes-embedded-resource: true, x-kubernetes-preserve-unknown-fields: true}
              empty: {type: object}
              maybe: {type: string, nullable: true}
              steps:
                type: array
                minItems: 1
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [name]
                items: {type: object, required: [name], properties: {name: {type: string}, after: {type: array, items: {type: string}, x-kubernetes-list-type: set}}}
          status: {type: object, properties: {ready: {type: boolean}}}
  - name: v1beta1
    served: true
    storage: false
    deprecated: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object}}}}
  - name: v1alpha1
    served: false
    storage: false
    schema: {openAPIV3Schema: {type: object}}
)";

std::string widget(const std::string& spec) {
  return "apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: w}\nspec: " + spec + "\n";
}

class Crd : public ::testing::Test {
 protected:
  void SetUp() override {
    Trees trees;
    diag::Sink sink;
    ASSERT_TRUE(catalog.addCrd(*trees.read(kWidget).at(0), trees.symbols, sink));
    ASSERT_TRUE(sink.all().empty());
  }
  Catalog catalog;
};

TEST_F(Crd, BecomesAResource) {
  const ResourceInfo* info = catalog.resource("example.org/v1", "Widget");
  ASSERT_NE(info, nullptr);
  EXPECT_TRUE(info->custom);
  EXPECT_FALSE(info->namespaced);
  EXPECT_EQ(info->plural, "widgets");
  EXPECT_EQ(catalog.describe(info->type), "Widget");
  EXPECT_EQ(catalog.describe(catalog.walk(info->type, "metadata")), "ObjectMeta");
  EXPECT_EQ(catalog.shape(catalog.walk(info->type, "metadata.ownerReferences[].uid")), Shape::String);
  EXPECT_EQ(catalog.describe(catalog.walk(info->type, "spec.template.metadata")), "ObjectMeta");
  EXPECT_NE(catalog.resource("example.org/v1beta1", "Widget"), nullptr);
  EXPECT_EQ(catalog.resource("example.org/v1alpha1", "Widget"), nullptr) << "not served";
  EXPECT_NE(catalog.resource("apps/v1", "StatefulSet"), nullptr);
}

TEST_F(Crd, ChecksItsObjects) {
  EXPECT_EQ(check(catalog, widget("{size: 3, mode: Fast, port: http, free: {a: [1]}, extra: {other: 1, known: 2}, labels: {a: b}, "
                                  "template: {spec: {a: 1}}, maybe: null, steps: [{name: a}]}")),
            Lines{});
  EXPECT_EQ(check(catalog, widget("{size: 11, mode: fast}")),
            (Lines{"MLS4016 `spec.size` is 11; the schema allows at most 10",
                   "MLS4009 `spec.mode` takes no \"fast\" | did you mean \"Fast\"?"}));
  EXPECT_EQ(check(catalog, widget("{size: 1}")), Lines{"MLS4008 `spec` lacks `mode`, which Kubernetes requires"});
  EXPECT_EQ(check(catalog, widget("{size: 1, mode: Slow, name: A1, description: toolong}")),
            (Lines{"MLS4025 \"A1\" does not match the pattern `^[a-z]+$` of `spec.name`",
                   "MLS4016 `spec.description` is 7 characters long; the schema allows at most 5"}));
  EXPECT_EQ(check(catalog, widget("{size: 1, mode: Slow, extra: {known: x}, empty: {a: 1}, labels: {a: b, c: d}, steps: []}")),
            (Lines{"MLS4007 found the string \"x\"; `spec.extra.known` takes an integer",
                   "MLS4005 `spec.empty` has no field `a` | it has no fields at all",
                   "MLS4016 `spec.labels` is 2 entries; the schema allows at most 1",
                   "MLS4016 `spec.steps` is 0 items; the schema allows at least 1"}));
  EXPECT_EQ(check(catalog, widget("{size: 1, mode: Slow, steps: [{name: a, after: [b, b]}, {name: a, after: [null]}]}")),
            (Lines{"MLS4013 two entries of `spec.steps[0].after` have the value b; Kubernetes keeps one entry for each",
                   "MLS4012 `spec.steps[1].after[0]` is null; the custom resource's schema takes a string",
                   "MLS4013 two entries of `spec.steps` have `name` a; Kubernetes keeps one entry for each"}));
}

TEST_F(Crd, SaysWhenAVersionIsDeprecated) {
  EXPECT_EQ(check(catalog, "apiVersion: example.org/v1beta1\nkind: Widget\nmetadata: {name: w}\n"),
            Lines{"MLS4004 `example.org/v1beta1/Widget` is deprecated: example.org/v1beta1 Widget is deprecated by its "
                  "CustomResourceDefinition | write `example.org/v1/Widget`"});
}

TEST_F(Crd, MayBeReplaced) {
  const ResourceInfo* before = catalog.resource("example.org/v1", "Widget");
  Trees trees;
  diag::Sink sink;
  ASSERT_TRUE(catalog.addCrd(*trees.read(kWidget).at(0), trees.symbols, sink));
  const ResourceInfo* after = catalog.resource("example.org/v1", "Widget");
  EXPECT_EQ(after->plural, "widgets");
  EXPECT_EQ(before->kind, "Widget") << "earlier answers stay";
  std::size_t widgets = 0;
  for (const ResourceInfo* info : catalog.resources()) widgets += info->kind == "Widget";
  EXPECT_EQ(widgets, 2u);
}

TEST(CrdProject, KeepsTheStructureWithoutProse) {
  Trees trees;
  const ir::Node* crd = trees.read(kWidget).at(0);
  const std::string kept = minifyCrd(*crd, trees.symbols);
  EXPECT_EQ(kept.find("prose"), std::string::npos);
  EXPECT_EQ(kept.find("A widget"), std::string::npos);
  EXPECT_NE(kept.find("\"description\":{\"type\":\"string\""), std::string::npos) << "a property of that name stays";
  EXPECT_EQ(crdFileName(*crd, trees.symbols), "widgets.example.org.json");

  Catalog whole;
  Catalog fromKept;
  diag::Sink sink;
  ASSERT_TRUE(whole.addCrd(*crd, trees.symbols, sink));
  ASSERT_TRUE(fromKept.addCrd(*trees.read(kept).at(0), trees.symbols, sink));
  EXPECT_EQ(minifyCrd(*trees.read(kept).at(0), trees.symbols), kept);
  const auto text = [](const Catalog& catalog) {
    return describeType(catalog, catalog.resource("example.org/v1", "Widget")->type, 9, 0);
  };
  EXPECT_EQ(text(whole), text(fromKept));
  const std::string faulty = widget("{size: 0, mode: x, name: A, steps: [{}]}");
  EXPECT_EQ(check(whole, faulty), check(fromKept, faulty));
}

TEST(CrdProblems, AreSaid) {
  const auto said = [](const std::string& text) {
    Trees trees;
    Catalog catalog;
    diag::Sink sink;
    EXPECT_FALSE(catalog.addCrd(*trees.read(text).at(0), trees.symbols, sink));
    EXPECT_EQ(sink.all().size(), 1u);
    return diag::codeText(sink.all().at(0).code);
  };
  const std::string head = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n";
  EXPECT_EQ(said("apiVersion: v1\nkind: Pod\n"), "MLS4020");
  EXPECT_EQ(said("[1, 2]\n"), "MLS4020");
  EXPECT_EQ(said("text\n"), "MLS4020");
  EXPECT_EQ(said("apiVersion: apiextensions.k8s.io/v1beta1\nkind: CustomResourceDefinition\n"), "MLS4020");
  EXPECT_EQ(said(head), "MLS4021");
  EXPECT_EQ(said(head + "spec: {group: g.org, names: {kind: K}}\n"), "MLS4021");
  const std::string names = head + "spec: {group: g.org, names: {kind: K, plural: ks}, versions: ";
  EXPECT_EQ(said(names + "[]}\n"), "MLS4022");
  EXPECT_EQ(said(names + "7}\n"), "MLS4022");
  EXPECT_EQ(said(names + "[{name: v1, served: false}]}\n"), "MLS4022");
  EXPECT_EQ(said(names + "[{name: v1, served: true}]}\n"), "MLS4023");
  EXPECT_EQ(said(names + "[{name: v1, served: true, schema: {openAPIV3Schema: 7}}]}\n"), "MLS4023");
}

TEST(CrdProblems, UnfitNamesMakeNoFile) {
  for (const char* plural : {"../up", "a/b", "", ".hidden", "Über"}) {
    Trees trees;
    const auto documents = trees.read(std::string("spec: {group: g.org, names: {plural: \"") + plural + "\"}}\n");
    EXPECT_EQ(crdFileName(*documents.at(0), trees.symbols), "") << plural;
  }
}

TEST(CrdProblems, OddSchemasAreReadAsFarAsTheyGo) {
  const std::string head = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {group: g.org, names: "
                           "{kind: K, plural: ks}, versions: [{name: v1, served: true, schema: {openAPIV3Schema: ";
  for (const char* schema : {"{}", "{type: 7}", "{type: object, properties: [a]}", "{type: object, properties: {a: 7}}",
                             "{type: array, items: 7}", "{type: object, required: 7, additionalProperties: 7}",
                             "{type: object, properties: {a: {type: string, enum: 7, maxLength: x, pattern: \"(\"}}}",
                             "{type: object, properties: {a: {type: array, x-kubernetes-list-map-keys: 7}}}",
                             "{properties: {a: {anyOf: 7, $ref: \"#/nowhere\"}}}"}) {
    Trees trees;
    Catalog catalog;
    diag::Sink sink;
    ASSERT_TRUE(catalog.addCrd(*trees.read(head + schema + "}}]}\n").at(0), trees.symbols, sink)) << schema;
    check(catalog, "apiVersion: g.org/v1\nkind: K\nmetadata: {name: k}\na: x\n");
    EXPECT_FALSE(minifyCrd(*trees.read(head + schema + "}}]}\n").at(0), trees.symbols).empty());
  }
}

TEST(CrdProblems, TooManyTypesAreRefused) {
  std::string text = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {group: g.org, names: {kind: K, "
                     "plural: ks}, versions: [{name: v1, served: true, schema: {openAPIV3Schema: {type: object, properties: {";
  for (int at = 0; at < 70'000; ++at) text += "f" + std::to_string(at) + ": {type: string, maxLength: " + std::to_string(at) + "}, ";
  Trees trees;
  Catalog catalog;
  diag::Sink sink;
  EXPECT_FALSE(catalog.addCrd(*trees.read(text + "}}}}]}\n").at(0), trees.symbols, sink));
  ASSERT_EQ(sink.all().size(), 1u);
  EXPECT_EQ(diag::codeText(sink.all()[0].code), "MLS4024");
  EXPECT_NE(catalog.resource("v1", "Pod"), nullptr);
}

}  // namespace
}  // namespace mlstack::schema
