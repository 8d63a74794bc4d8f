using System.Text;
using Chancery.Guards.Output;
using Chancery.Guards.PersonalData;

namespace Chancery.Guards.Tests.Output;

public sealed class OutputFilterTests
{
    private const string Canary = "chancery-mark-7f3a91";

    // Of no provider: the shape alone.
    private static readonly string _key = "ghp_" + new string('a', 36);
    private static readonly string _jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJub2JvZHkifQ.c2lnbmF0dXJl";
    private static readonly string _pem =
        "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIabc\nMIIdef\n-----END RSA PRIVATE KEY-----";

    private static readonly OutputFilterOptions _options = new()
    {
        Canaries = [Canary],
        OnCanary = OutputAction.Replace,
        OnSecret = OutputAction.Replace,
        AllowedHosts = ["docs.example.org", "*.trusted.example"],
        IsForeignId = id => id.StartsWith("foreign", StringComparison.Ordinal),
    };

    private static readonly string[] _pieces =
    [
        Canary,
        "chancery-mark-",
        "7f3a91",
        _key,
        "ghp_",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "sk-",
        "sk-ant-a1b2c3d4e5f6g7h8i9",
        _jwt,
        "eyJ",
        ".",
        "-----BEGIN RSA PRIVATE " + "KEY-----",
        "-----END RSA PRIVATE KEY-----",
        "-----",
        _pem,
        "[",
        "]",
        "](",
        ")",
        "!",
        "[words](",
        "https://evil.example/",
        "https://docs.example.org/a",
        "//evil.example",
        "<",
        ">",
        "<img src=",
        "\"",
        "\n",
        "\n\n",
        "foreign-id-1234",
        "foreign",
        "\u200b",
        "\U000E0041",
        "\ud83d",
        "(",
        "javascript:alert(1)",
        "www.evil.example",
        "<a href=x>",
    ];

    [Theory]
    [InlineData("[docs](https://docs.example.org\\@evil.example/?q=1)")]
    [InlineData("[docs](https://docs.example.org\\.evil.example/?q=1)")]
    [InlineData("[docs](https\\://evil.example/?q=1)")]
    [InlineData("[docs](\\/\\/evil.example/?q=1)")]
    [InlineData("[docs](www\\.evil.example/?q=1)")]
    [InlineData("[docs](javascript\\:alert(1))")]
    [InlineData("https://docs.example.org\\@evil.example/?q=1")]
    [InlineData("https\\://evil.example/?q=1")]
    [InlineData("![docs](https://docs.example.org\\@evil.example/?q=1)")]
    [InlineData("[docs](https://told.example\\@evil.example/?q=1)")]
    public void A_link_leaves_only_if_it_is_allowed_with_and_without_the_backslashes_that_Markdown_takes(string text)
    {
        var told = OutputFilterOptions.AddressesIn("See https://told.example/@evil.example/?q=1").ToHashSet();

        var (passed, hits) = OutputFilter.Apply(text, _options with { AllowedAddresses = told });

        Assert.DoesNotContain("q=1", passed, StringComparison.Ordinal);
        Assert.DoesNotContain("alert", passed, StringComparison.Ordinal);
        Assert.Equal(OutputRule.Link, Assert.Single(hits).Rule);
    }

    [Theory]
    [InlineData("[docs](https://docs.example.org/a\\_b)")]
    [InlineData("[told](https://told.example/a\\_b)")]
    public void A_sign_that_is_escaped_in_a_path_is_nothing_else(string text)
    {
        var told = OutputFilterOptions.AddressesIn("See https://told.example/a\\_b").ToHashSet();

        Assert.Equal(text, OutputFilter.Apply(text, _options with { AllowedAddresses = told }).Text);
    }

    [Theory]
    [InlineData("a " + Canary + " b", "a [removed: instructions] b")]
    [InlineData("a CHANCERY_MARK_7F3A91 b", "a [removed: instructions] b")]
    [InlineData("a 19a3f7-kram-yrecnahc b", "a [removed: instructions] b")]
    [InlineData("x [words](https://evil.example/?q=1) y", "x words y")]
    [InlineData("x [see " + Canary + "](https://evil.example/) y", "x [removed: instructions] y")]
    [InlineData("x ![alt](https://evil.example/?q=1) y", "x  y")]
    [InlineData("x ![alt](<//evil.example/a b>) y", "x  y")]
    [InlineData("x [w](<java\tscript:alert(1)>) y", "x w y")]
    [InlineData("x [w](&#106;avascript:alert(1)) y", "x w y")]
    [InlineData("x [w](https://docs.example.org@evil.example/) y", "x w y")]
    [InlineData("x [w](https://anna@docs.example.org/) y", "x w y")]
    [InlineData("x [w](https:\\\\evil.example) y", "x w y")]
    [InlineData("x [w](https://docs.example.org.evil.example/) y", "x w y")]
    [InlineData("x <img src=https://evil.example/a> y", "x  y")]
    [InlineData("x [w](https://evil.example%2f.trusted.example/) y", "x w y")]
    [InlineData("x [w](https://evil.example／.trusted.example/) y", "x w y")]
    [InlineData("x [w](https://trusted.example/) y", "x w y")]
    [InlineData("x <a href='data:text/html,hi'>w</a> y", "x w</a> y")]
    [InlineData("x <b onclick=run()>w</b> y", "x w</b> y")]
    [InlineData("x https://evil.example/?leak=1. y", "x . y")]
    [InlineData("x www.evil.example y", "x  y")]
    [InlineData("[1]: https://evil.example/a\nend", "[1]: \nend")]
    [InlineData("x <https://evil.example/a> y", "x <> y")]
    [InlineData("data:text/html;base64,AAAA y", " y")]
    [InlineData("id foreign-id-1234, ok", "id [removed: id], ok")]
    [InlineData("in\u200bvis\U000E0041ible", "invisible")]
    public void What_a_rule_catches_does_not_pass(string text, string passed) =>
        Assert.Equal(passed, OutputFilter.Apply(text, _options).Text);

    [Fact]
    public void Where_images_are_not_wanted_none_comes_from_a_host_that_may_be_linked_to()
    {
        const string text =
            "![a](https://docs.example.org/a.png) <img src='https://docs.example.org/a'> [a](https://docs.example.org/a)";

        var (passed, _) = OutputFilter.Apply(text, _options with { AllowsImages = false });

        Assert.Equal("  [a](https://docs.example.org/a)", passed);
    }

    [Theory]
    [InlineData("<tool_call>{\"name\": \"x\"}</tool_call>", 2)]
    [InlineData("<function_calls><invoke name=\"x\"></invoke></function_calls>", 4)]
    [InlineData("<invoke name=\"x\">", 1)]
    [InlineData("<tool_use id='1'>", 1)]
    [InlineData("<function=send>{}</function>", 2)]
    [InlineData("<|python_tag|>send()", 1)]
    [InlineData("<|tool_calls_section_begin|>", 1)]
    [InlineData("<｜tool▁calls▁begin｜><｜tool▁sep｜>", 2)]
    [InlineData("[TOOL_CALLS] [{}]", 1)]
    [InlineData("<tool\u200b_call>", 2)]
    public void Marks_by_which_programs_read_a_call_do_not_pass_however_they_are_cut(string text, int hits)
    {
        var options = new OutputFilterOptions { OnToolCall = OutputAction.Replace, OnLink = null };
        var whole = OutputFilter.Apply(text, options);
        var filter = new OutputFilter(options);
        var piecewise = string.Concat(text.Select(c => filter.Append([c]))) + filter.Complete();

        Assert.Equal(hits, whole.Hits.Count);
        Assert.Contains("[removed: tool call]", whole.Text, StringComparison.Ordinal);
        Assert.DoesNotContain('<', whole.Text);
        Assert.DoesNotContain("TOOL_CALLS", whole.Text, StringComparison.Ordinal);
        Assert.Equal(whole.Text, piecewise);
    }

    [Theory]
    [InlineData("Invoke the function <Start> of the tool, and call <b>me</b>.")]
    [InlineData("{\"name\": \"lamp\", \"colour\": \"red\"} [1]")]
    [InlineData("The array [tool, call] of List<Tool> and <invoker>")]
    public void Words_about_tools_pass(string text)
    {
        var (passed, hits) = OutputFilter.Apply(text, new() { OnToolCall = OutputAction.Replace, OnLink = null });

        Assert.Equal(text, passed);
        Assert.Empty(hits);
    }

    [Fact]
    public void A_secret_that_comes_together_when_a_link_goes_does_not_pass()
    {
        var text = $"x gh[{_key[2..]}](https://evil.example/) y";

        Assert.Equal("x [removed: secret] y", OutputFilter.Apply(text, _options).Text);
    }

    [Theory]
    [InlineData("plain words, (brackets) [1] and [a note]. 3 < 4, x<y; a -- b.")]
    [InlineData("x [words](https://docs.example.org/a?b=c) y")]
    [InlineData("x [words](https://a.trusted.example) and [up](#top) and [mail](mailto:x@y.example)")]
    [InlineData("x ![alt](https://docs.example.org/a.png)")]
    [InlineData("disk-based-storage-of-2020 and task-oriented-1234567890")]
    [InlineData("<b>bold</b> & <br/> stay; so does `a[i](x)` in code")]
    [InlineData("Family 👩‍👩‍👧 and flag 🏴󠁧󠁢󠁥󠁮󠁧󠁿 and ❤️ stay, as does می‌خواهم")]
    [InlineData("// comment of code, and 10:30//11:30")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMIIabc\n-----END CERTIFICATE-----\n")]
    public void What_no_rule_catches_passes_as_it_is(string text)
    {
        var (passed, hits) = OutputFilter.Apply(text, _options);

        Assert.Equal(text, passed);
        Assert.Empty(hits);
    }

    [Fact]
    public void An_address_that_is_allowed_passes_as_it_is_and_with_nothing_added_and_never_as_an_image()
    {
        const string material =
            "See https://wiki.example/a?b=1, (www.shop.example) ftp://files.example/a and [the form](https://forms.example/x).";
        var options = _options with
        {
            AllowedAddresses = OutputFilterOptions.AddressesIn(material).ToHashSet(),
            OnLink = OutputAction.Replace,
        };

        Assert.Empty(OutputFilter.Apply(material, options).Hits);
        Assert.Equal(
            "x [removed: link] words [removed: link] [removed: link] [removed: link] y",
            OutputFilter
                .Apply(
                    "x https://wiki.example/a?b=12 [words](https://forms.example/x?q=secret) ![i](https://forms.example/x) www.shop.example/secret y",
                    options
                )
                .Text
        );
    }

    [Theory]
    [InlineData("sk-learn-contrib-documentation-2024")]
    [InlineData("mail [us](mailto:us@x.example)")]
    public void What_only_resembles_a_secret_or_a_leak_passes(string text) =>
        Assert.Empty(OutputFilter.Apply(text, _options).Hits);

    [Fact]
    public void Secrets_do_not_pass()
    {
        foreach (
            var secret in new[]
            {
                _key,
                _jwt,
                _pem,
                "AKIA" + new string('A', 16),
                "ck_" + new string('a', 12) + "_" + new string('B', 24),
                "postgres://u:pw@db.example/x",
            }
        )
        {
            var (passed, hits) = OutputFilter.Apply($"a {secret} b", _options with { OnLink = null });

            Assert.Equal("a [removed: secret] b", passed);
            var hit = Assert.Single(hits);
            Assert.Equal((OutputRule.Secret, 2, secret.Length), (hit.Rule, (int)hit.Start, hit.Length));
        }
    }

    [Fact]
    public void A_canary_is_known_in_base64_and_in_hexadecimal()
    {
        foreach (var before in new[] { "", "a", "ab" })
        {
            var bytes = Encoding.UTF8.GetBytes(before + Canary + "tail");

            Assert.NotEmpty(OutputFilter.Apply(Convert.ToBase64String(bytes), _options).Hits);
            Assert.NotEmpty(OutputFilter.Apply(Convert.ToHexString(bytes), _options).Hits);
        }

        Assert.Throws<ArgumentException>(() => new OutputFilter(new() { Canaries = ["short"] }));
    }

    [Fact]
    public void After_a_stop_nothing_passes()
    {
        var filter = new OutputFilter(_options with { OnSecret = OutputAction.Stop });

        Assert.Equal("before ", filter.Append($"before {_key}"));
        Assert.Equal("", filter.Append(" after"));
        Assert.True(filter.IsStopped);
        Assert.Equal("", filter.Append("more ") + filter.Complete());
    }

    [Fact]
    public void Words_pass_as_they_come()
    {
        var filter = new OutputFilter(_options);

        Assert.Equal("The fee ", filter.Append("The fee is"));
        Assert.Equal("is due ", filter.Append(" due [see"));
        Assert.Equal("", filter.Append(" page 3"));
        Assert.Equal("[see page 3]. ", filter.Append("]. Then"));
        Assert.Equal("Then", filter.Complete());
    }

    [Fact]
    public void Personal_data_passes_by_lines_and_knows_what_stood_before()
    {
        var filter = new OutputFilter(_options with { PersonalData = PersonalDataOptions.Default });

        Assert.Equal("", filter.Append("Write to anna@"));
        Assert.Equal(
            "Write to [removed: personal data] now.\n",
            filter.Append("mail.example now.\nPhone:\n").Split("Phone")[0]
        );
        Assert.Equal("[removed: personal data]\n", filter.Append("60-56-85-91\n"));
    }

    [Fact]
    public void Wherever_a_text_is_cut_the_same_comes_out() =>
        AnyText.HoldCut(
            _pieces,
            (text, cut) =>
            {
                var whole = OutputFilter.Apply(text, _options);
                Assert.Equal(whole.Text, Stream(cut, _options).Text);
                Assert.Equal(whole.Hits, Stream(cut, _options).Hits);
            }
        );

    [Fact]
    public void Nothing_that_is_caught_passes_in_part() =>
        AnyText.HoldCut(
            _pieces,
            (text, _) =>
            {
                var passed = OutputFilter.Apply(text, _options).Text;

                Assert.DoesNotContain(Canary, passed, StringComparison.OrdinalIgnoreCase);
                Assert.DoesNotContain(_key, passed, StringComparison.Ordinal);
                // In the path of an allowed address another address is no more than words.
                Assert.True(
                    text.Contains("docs.", StringComparison.Ordinal)
                        || !passed.Contains("://evil.example", StringComparison.Ordinal)
                );
                Assert.DoesNotContain("PRIVATE KEY-----\nMII", passed, StringComparison.Ordinal);
                Assert.DoesNotContain(" foreign-id-1234 ", passed, StringComparison.Ordinal);
            }
        );

    [Theory]
    [InlineData(11_000)]
    [InlineData(12_280)]
    [InlineData(12_288)]
    [InlineData(40_000)]
    public void What_is_too_long_to_be_held_is_still_caught(int length)
    {
        foreach (var secret in new[] { _key, _jwt, Canary + " ", "https://evil.example/" + new string('q', 20_000) })
        {
            var text = new string('.', length) + " " + new string('.', length) + secret + " end";
            var (passed, hits) = OutputFilter.Apply(text, _options);

            Assert.NotEmpty(hits);
            Assert.DoesNotContain(secret.Trim()[..12], passed, StringComparison.Ordinal);
            Assert.EndsWith("end", passed, StringComparison.Ordinal);
        }

        var tag = OutputFilter.Apply("<img " + new string('x', length) + " src=//evil.example/a> end", _options);
        Assert.DoesNotContain("evil", tag.Text, StringComparison.Ordinal);
        var armour = OutputFilter.Apply(
            _pem.Replace("MIIdef", new string('M', length), StringComparison.Ordinal) + " end",
            _options
        );
        Assert.Equal("[removed: secret] end", armour.Text);
    }

    [Fact]
    public void An_armour_that_never_ends_does_not_pass() =>
        Assert.Equal(
            "a [removed: secret]",
            OutputFilter.Apply("a -----BEGIN PRIVATE " + "KEY-----\nMII", _options).Text
        );

    private static (string Text, IReadOnlyList<OutputHit> Hits) Stream(
        IReadOnlyList<string> cut,
        OutputFilterOptions options
    )
    {
        var filter = new OutputFilter(options);
        var passed = new StringBuilder();
        foreach (var piece in cut)
        {
            passed.Append(filter.Append(piece));
        }

        return (passed.Append(filter.Complete()).ToString(), filter.Hits);
    }
}
