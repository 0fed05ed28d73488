// Texts and the forms they have or have not, as the API server's own tests hold them.

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "storage/forms.h"

namespace {

using mlstack::storage::Form;
using mlstack::storage::faultOf;
using mlstack::storage::mended;

struct Texts {
  Form form;
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

const std::vector<Texts>& all() {
  static const std::vector<Texts> table{
      {Form::DnsLabel, {"a", "a-b", "0a", "a--b", std::string(63, 'a')}, {"-a", "a-", "a.b", "A", "a_b", "a b", std::string(64, 'a')}},
      {Form::ServiceLabel, {"a", "a0", "a-b"}, {"0a", "-a", "a-", "A"}},
      {Form::DnsSubdomain, {"a", "a.b", "0.1", "a-b.c-d", std::string(253, 'a')}, {".a", "a.", "a..b", "a.-b", "a-.b", "A.b", "a_b", std::string(254, 'a')}},
      {Form::DnsSearch, {".", "a.b.", "_tcp.example.com", "a_b"}, {"-a", "a..b", "a b"}},
      {Form::HostOrWildcard, {"example.com", "*.example.com"}, {"*", "*example.com", "a.*.com", "10.0.0.1"}},
      {Form::PathSegment, {"a:b", "A", "a b"}, {"a/b", "a%b", ".", ".."}},
      {Form::LabelKey, {"a", "A_b.c-1", "example.com/a", "1-num.2-num/3-num"}, {"", "a/", "/a", "a/b/c", "-a", "a b", "A.com/b", std::string(64, 'a')}},
      {Form::AnnotationKey, {"Example.Com/Name"}, {"a b"}},
      {Form::LabelValue, {"", "a", "A.b_c-1", "1.0", std::string(63, 'a')}, {"-a", "a-", "a/b", "a b", "a:b", std::string(64, 'a')}},
      {Form::Finalizer, {"example.com/a", "orphan", "foregroundDeletion"}, {"mine", "a/b/c"}},
      {Form::DomainPath, {"example.com/a", "a/b/c"}, {"a", "/a", "a/"}},
      {Form::PortName, {"http", "a1", "1a", "peer-1"}, {"80", "a--b", "-a", "a-", "HTTP", "a_b", std::string(16, 'a')}},
      {Form::EnvName, {"A", "a.b", "_a", "-a"}, {"1a", "a b", "a=b", "..", "..a"}},
      {Form::LaxEnvName, {"1a", "a b", ".."}, {"a=b", "a\x01", "\xc3\xa4"}},
      {Form::ConfigKey, {"a", "A_1.b-c", ".a", "-a"}, {".", "..", "..a", "a/b", "a b", std::string(254, 'a')}},
      {Form::DriverName, {"ebs.csi.aws.com", "Driver"}, {"a_b", "a/b", std::string(64, 'a')}},
      {Form::Provisioner, {"kubernetes.io/aws-ebs", "Driver.Example.com/x", "local"}, {"a/b/c", "a b"}},
      {Form::SysctlName, {"kernel.shm_rmid_forced", "net/ipv4.a", "a-b"}, {"Net", "a..b", ".a", "a_"}},
      {Form::RelativePath, {"a", "a/b", "..a", "a/..b"}, {"/a", "..", "a/../b", "a/.."}},
      {Form::LocalPath, {"a", "a/..b"}, {"..a", "/a", "../a"}},
      {Form::NoBacksteps, {"/a", "/a/..b"}, {"/a/..", "/a/../b"}},
      {Form::SlashPath, {"/", "/a/b"}, {"a", "/a//b", "/a/../b", "/..", "/%2f"}},
      {Form::Ip, {"10.0.0.1", "::", "::1", "fe80::1", "1:2:3:4:5:6:7:8", "::ffff:10.0.0.1"}, {"10.0.0", "256.0.0.1", "1:2", "1::2::3", "g::", "a", ""}},
      {Form::Cidr, {"10.0.0.0/8", "::/0", "fd00::/8"}, {"10.0.0.0", "10.0.0.0/33", "::/129", "a/8"}},
      {Form::IscsiName, {"iqn.2001-04.com.example:storage.disk1", "eui.02004567A425678D"}, {"disk", "iqn.2001.com:x", "eui.1", "iqn.2001-04.com.example"}},
      {Form::TimeZone, {"Etc/UTC", "Europe/Berlin", "America/Port-au-Prince", "Etc/GMT+1"}, {"Local", "/x", "a/../b", "a b"}},
      {Form::Schedule,
       {"* * * * *", "0 2 * * *", "*/5 1-4,6 1 jan-mar Mon", "? ? ? ? ?", "@daily", "@every 1h30m", "0-30/10 * * * *"},
       {"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "5-1 * * * *", "*/0 * * * *", "a * * * *", "@dayly", "@every x",
        "TZ=UTC 0 2 * * *", "CRON_TZ=UTC 0 2 * * *"}},
      {Form::Indexes, {"0", "0-3", "0,2-3,7"}, {"", "3-1", "2,1", "1,1", "a", "1-"}},
  };
  return table;
}

TEST(Forms, HoldWhatTheApiServerTakes) {
  for (const auto& row : all())
    for (const auto& text : row.good) EXPECT_EQ(faultOf(row.form, text), "") << static_cast<int>(row.form) << " \"" << text << '"';
}

TEST(Forms, RefuseWhatItRefuses) {
  for (const auto& row : all())
    for (const auto& text : row.bad) EXPECT_NE(faultOf(row.form, text), "") << static_cast<int>(row.form) << " \"" << text << '"';
}

TEST(Forms, WhatIsMendedHasTheForm) {
  EXPECT_EQ(mended(Form::DnsSubdomain, "My_Data.v1"), "my-data.v1");
  EXPECT_EQ(mended(Form::DnsLabel, "my.data"), "my-data");
  EXPECT_EQ(mended(Form::DnsLabel, "already-right"), "");
  EXPECT_EQ(mended(Form::DnsLabel, "___"), "");
  EXPECT_EQ(mended(Form::ServiceLabel, "3d"), "");
  EXPECT_EQ(mended(Form::LabelValue, "a/b"), "");
  for (const auto& text : {std::string("A B C"), std::string("-x-"), std::string("\xc3\x9cnlaut"), std::string(300, 'X')}) {
    const auto better = mended(Form::DnsLabel, text);
    EXPECT_TRUE(better.empty() || faultOf(Form::DnsLabel, better).empty()) << better;
  }
}

}  // namespace
