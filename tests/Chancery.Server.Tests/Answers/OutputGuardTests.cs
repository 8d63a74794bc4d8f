using System.Text;
using Chancery.Server.Access.Organizations;
using Chancery.Server.Answers.Guarding;
using Chancery.Server.Answers.Prompting;
using Chancery.Server.Answers.Writing;

namespace Chancery.Server.Tests.Answers;

public sealed class OutputGuardTests
{
    private const string Mark = "0123456789abcdef01234567";

    // Put together here, so that nobody who looks for secrets in this file finds one.
    public static TheoryData<string, string> Secrets =>
        new()
        {
            { "sk-" + "abcdEFGH1234567890abcd", GuardHit.Secret },
            { "sk-" + "proj-abcd_EFGH1234567890abcdefg", GuardHit.Secret },
            { "sk-" + "ant-api03-aBcD1234efgh5678ijkl", GuardHit.Secret },
            { "AIza" + new string('x', 34) + "9", GuardHit.Secret },
            { "gsk_" + new string('a', 32), GuardHit.Secret },
            { "ghp_" + new string('b', 36), GuardHit.Secret },
            { "AKIA" + "ABCDEFGH12345678", GuardHit.Secret },
            { "xoxb-" + "1234567890-abcdefghijk", GuardHit.Secret },
            { "ck_" + "k3v7aaaaaaaa_" + new string('5', 49), GuardHit.Secret },
            { "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIE", GuardHit.Secret },
            { $"=== {Mark} passage 1 ===", GuardHit.Instructions },
            { $"x{Mark.ToUpperInvariant()}y", GuardHit.Instructions },
        };

    [Theory]
    [MemberData(nameof(Secrets))]
    public void What_must_not_leave_does_not_wherever_the_stream_is_cut(string secret, string hit)
    {
        var text = $"The key is `{secret}`, keep it.";
        for (var cut = 0; cut < text.Length; cut++)
        {
            var (passed, found) = Pass([text[..cut], text[cut..]]);
            Assert.Equal(hit, found);
            Assert.StartsWith("The key is `", passed, StringComparison.Ordinal);
            Assert.True(passed.Length < text.IndexOf(secret, StringComparison.Ordinal) + 16, passed);
            Assert.DoesNotContain("keep it", passed, StringComparison.Ordinal);
        }

        Assert.Equal(hit, Pass([.. text.Select(letter => letter.ToString())]).Hit);
        Assert.Equal(hit, Pass([secret]).Hit);
        Assert.Equal(hit, OutputGuard.Find(text, [Mark]));
    }

    [Theory]
    [InlineData("Use sk-learn-contrib-documentation-2024 for this.")]
    [InlineData("The disk-1234567890123456 and task-abcdefghij0123456789 are full.")]
    [InlineData("-----\n-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----")]
    [InlineData("The gsk_ prefix, hf_ and AKIA are known. AIza too.")]
    [InlineData("a9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    [InlineData("stock_item_quantity_available_for_sale and callback_url_for_payment_provider_webhooks")]
    [InlineData("CONSTRAINT ck_orders_total_amount_must_be_positive CHECK (total > 0)")]
    [InlineData("feedback_form_submission_notification_email")]
    [InlineData("")]
    public void Everything_else_passes_as_it_is(string text)
    {
        for (var cut = 0; cut <= text.Length; cut++)
        {
            Assert.Equal((text, null), Pass([text[..cut], text[cut..]]));
        }

        Assert.Equal((text, null), Pass([.. text.Select(letter => letter.ToString())]));
    }

    [Fact]
    public void Only_the_word_that_is_not_whole_is_held_back()
    {
        var guard = new OutputGuard([Mark]);

        Assert.Equal("The ", guard.Feed("The period"));
        Assert.Equal("period of ", guard.Feed(" of s"));
        Assert.Equal("", guard.Feed("k"));
        Assert.Equal("sky ", guard.Feed("y "));
    }

    [Fact]
    public void Hundred_kilobytes_without_a_blank_pass_in_linear_time()
    {
        foreach (var text in (string[])[new string('a', 200_000), string.Concat(Enumerable.Repeat("sk-", 60_000))])
        {
            var pieces = Enumerable.Range(0, text.Length / 10).Select(i => text.Substring(i * 10, 10)).ToList();

            Assert.Equal((text.Length, null), (Pass(pieces).Passed.Length, Pass(pieces).Hit));
        }
    }

    [Fact]
    public void Another_text_of_the_model_is_stopped_by_our_rules_and_counted_and_noted_as_the_answer_is()
    {
        var prompt = PromptBuilder.Build("Which?", [], [], 8_000);
        var rules = prompt.Messages[0].Text;
        var quoted = rules[rules.IndexOf("Use only the passages", StringComparison.Ordinal)..][..120];
        var guard = new OutputGuard(
            [prompt.Boundary],
            ToldText.Of(prompt),
            RuleEcho.Of(prompt),
            new AnswerRules(PersonalDataRule.Count, [])
        );

        Assert.Equal((null, GuardHit.Instructions), guard.Whole($"I was told: {quoted}"));
        Assert.Null(guard.StopIn($"I was told: {quoted}"));
        Assert.Equal(GuardHit.Instructions, guard.StopIn($"I was told: {prompt.Boundary}"));
        Assert.Equal(
            ("See [removed: link], write to ada@acme.example.", null),
            guard.Whole("See https://evil.example/?q=1, write to ada@acme.example.")
        );
        guard.Feed("Write to ada@acme.example, or bo@acme.example.");
        guard.Finish();

        Assert.Null(guard.Hit);
        Assert.Equal([GuardHit.Link], guard.Removed);
        Assert.Equal(2, guard.CountPersonalData());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Rules_that_are_dealt_over_thoughts_are_heard_and_no_thought_comes_after(bool isByActions)
    {
        var prompt = PromptBuilder.Build("Which?", [], [], 8_000);
        var rules = prompt.Messages[0].Text;
        var quoted = rules[rules.IndexOf("Use only the passages", StringComparison.Ordinal)..][..200];
        var guard = new OutputGuard([prompt.Boundary], ToldText.Of(prompt), RuleEcho.Of(prompt));

        // Each is shorter than what is known to be of the rules.
        var passed = Enumerable
            .Range(0, 10)
            .Select(at => quoted.Substring(at * 20, 20))
            .TakeWhile(piece =>
                !(isByActions ? guard.LeavesOut("Let me see.", piece) : guard.LeavesOut(piece, "Read on."))
            )
            .ToList();

        Assert.InRange(passed.Count, 1, 3);
        Assert.True(guard.LeavesOut("The quarry opens at seven.", null));
        Assert.Null(guard.Hit);
        Assert.Equal([GuardHit.Instructions], guard.Removed);
        Assert.False(
            new OutputGuard([prompt.Boundary], ToldText.Of(prompt), RuleEcho.Of(prompt)).LeavesOut(
                "It opens at seven.",
                "Read on."
            )
        );
    }

    [Theory]
    [InlineData("{\"a\":\"b\\u200bc\\u0073\"}", "{\"a\":\"bc\\u0073\"}")]
    [InlineData("b\u200bc", "bc")]
    [InlineData("{\"a\":\"\\udb40\\udc41\"}", "{\"a\":\"\"}")]
    [InlineData("{\"a\":\"c:\\\\u200b\"}", "{\"a\":\"c:\\\\u200b\"}")]
    public void What_nobody_sees_is_taken_out_of_JSON_as_it_is_written(string json, string seen) =>
        Assert.Equal(seen, JsonEscapes.WithoutInvisible(json));

    private static (string Passed, string? Hit) Pass(IReadOnlyList<string> pieces)
    {
        var guard = new OutputGuard([Mark]);
        var passed = new StringBuilder();
        foreach (var piece in pieces)
        {
            passed.Append(guard.Feed(piece));
        }

        passed.Append(guard.Finish());
        return (passed.ToString(), guard.Hit);
    }
}
