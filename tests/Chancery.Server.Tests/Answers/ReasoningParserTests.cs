using System.Text;
using Chancery.Server.Answers.Reasoning;

namespace Chancery.Server.Tests.Answers;

public sealed class ReasoningParserTests
{
    private sealed record Outcome(string Steps, string Answer);

    public static TheoryData<string, string, string> Written =>
        new()
        {
            // As asked for.
            {
                "Thought: The handbook has a rule.\nAction: Read it.\nConfidence: 80 %\nThought: It says thirty days.\nConfidence: 0.95\nFinal Answer: Thirty days [1].",
                "1 The handbook has a rule. → Read it. @0.8 | 2 It says thirty days. @0.95",
                "Thirty days [1]."
            },
            // Bold labels, the colon inside or outside; Windows newlines; numbers.
            {
                "**Thought 1:** One.\r\n**Action**: Do.\r\n\r\n**Thought 2**: Two.\r\n\r\n**Final Answer:** So.",
                "1 One. → Do. | 2 Two.",
                "So."
            },
            { "**Final Answer: Thirty days.**", "", "**Thirty days.**" },
            { "Thought: A.\n**Final Answer:** **Thirty** days.", "1 A.", "**Thirty** days." },
            // Headings without a colon.
            { "### Thought\nOne.\n\n### Action\nDo.\n\n## Final Answer\n\n- a\n- b", "1 One. → Do.", "- a\n- b" },
            // Lower case, a list, a remark of confidence.
            {
                "- thought: one (confidence: 70%)\n- thought: two [Confidence: high]\nfinal answer: so",
                "1 one @0.7 | 2 two @0.9",
                "so"
            },
            // Numbered steps, with and without a label of their own.
            { "Step 1: Look.\nStep 2: Think.\nFinal Answer: So.", "1 Look. | 2 Think.", "So." },
            { "1. Thought: Look.\n2) Thought: Think.\nFinal Answer: So.", "1 Look. | 2 Think.", "So." },
            { "Step 1:\nThought: Look.\nStep 2 - Thought: Think.\nFinal Answer: So.", "1 Look. | 2 Think.", "So." },
            // Other languages, other colons.
            {
                "Gedanke: Es steht da.\nAktion: Lesen.\nKonfidenz: 0,8\nEndgültige Antwort: Dreißig Tage.",
                "1 Es steht da. → Lesen. @0.8",
                "Dreißig Tage."
            },
            { "Pensée : Voilà.\nConfiance : 90 %\nRéponse finale : Trente jours.", "1 Voilà. @0.9", "Trente jours." },
            {
                "思考：先看手册。\n行动：阅读。\n置信度：80％\n最终答案：三十天。",
                "1 先看手册。 → 阅读。 @0.8",
                "三十天。"
            },
            // All in one line.
            {
                "Thought: I look. Action: Read it. Confidence: 60% Final Answer: So.",
                "1 I look. → Read it. @0.6",
                "So."
            },
            // Tags.
            { "<think>\nHm.\n</think>\n\nThirty days.", "1 Hm.", "Thirty days." },
            { "<thinking>Hm.</thinking>Thought: A.\nFinal Answer: So.", "1 Hm. | 2 A.", "So." },
            { "The template opened it.\n</think>\nThirty days.", "1 The template opened it.", "Thirty days." },
            { "<think>Hm.</think><answer>So.</answer>", "1 Hm.", "So." },
            { "Thought: A.\n<answer>\nx </b> y\n</answer>\n", "1 A.", "x </b> y" },
            { "<think>Final Answer: a draft.</think>Final Answer: So.", "1 Final Answer: a draft.", "So." },
            { "<think>And so on", "1 And so on", "" },
            // No label at all, and no label before the answer.
            { "Thirty days.\n\nNot more.", "", "Thirty days.\n\nNot more." },
            { "The rule is on page 3.\n\nFinal Answer: So.", "1 The rule is on page 3.", "So." },
            { "1. The rule is old.\n2. It holds.\nFinal Answer: So.", "1 The rule is old. | 2 It holds.", "So." },
            { "Sure!\nThought: A.\nFinal Answer: So.", "1 A.", "So." },
            // No answer label.
            { "Thought: A.\nThought: B.\n\nThirty days.", "1 A. | 2 B.", "Thirty days." },
            { "Thought: A.\nThought: Thirty days.", "1 A.", "Thirty days." },
            { "Thought: A.\nConfidence: 80%\n\nThirty days.", "1 A. @0.8", "Thirty days." },
            // Labels again.
            { "Thought: Thought: A.\nThought:\nThought: B.\nFinal Answer: Final Answer: So.", "1 A. | 2 B.", "So." },
            {
                "Thought: A.\nFinal Answer:\n**Answer:** So.\nAction: the board acts.",
                "1 A.",
                "So.\nAction: the board acts."
            },
            {
                "Thought: A.\nAction: look\nObservation: it is there\nFinal Answer: So.",
                "1 A.\nit is there → look",
                "So."
            },
            // Labels inside a fence are text; a fence around everything, or one that nobody closes, is none.
            {
                "Thought: They wrote\n```\nFinal Answer: no\nThought: no\n```\nFinal Answer: So.",
                "1 They wrote\n```\nFinal Answer: no\nThought: no\n```",
                "So."
            },
            { "```text\nThought: A.\nFinal Answer: So.\n```", "1 A.", "So." },
            { "Thought: A.\n```\nsome code\nFinal Answer: So.", "1 A.\n```\nsome code", "So." },
            { "```\nprint(1)\n```", "", "```\nprint(1)\n```" },
            { "Thought: A.\nFinal Answer: Run\n```\nmake\n```", "1 A.", "Run\n```\nmake\n```" },
            // Not the form, but an answer that has steps.
            { "Step 1: Open it.\nStep 2: Close it.", "1 Open it.", "Step 1: Open it.\nStep 2: Close it." },
            { "```yaml\nsteps:\n  - action: checkout\n```", "", "```yaml\nsteps:\n  - action: checkout\n```" },
            // JSON, whole and broken.
            {
                """{"reasoning_steps":[{"thought":"A.","action":"Do.","confidence":0.8},"B."],"final_answer":"So."}""",
                "1 A. → Do. @0.8 | 2 B.",
                "So."
            },
            { "```json\n{\"thought\":\"A.\",\"confidence\":\"80%\",\"answer\":\"So.\"}\n```\n", "1 A. @0.8", "So." },
            { """{"thought": "A.", "final_answer": """, "", """{"thought": "A.", "final_answer":""" },
            // Half of a surrogate pair, which is no text.
            { """{"final_answer":"Done \ud83d"}""", "", """{"final_answer":"Done \ud83d"}""" },
            { "{not} JSON\nThought: A.\nFinal Answer: So.", "1 A.", "So." },
            // Not labels.
            { "Note: it is so.", "", "Note: it is so." },
            {
                "Thought: In my final answer I say: so. The action: none.\nFinal Answer: So.",
                "1 In my final answer I say: so. The action: none.",
                "So."
            },
            { "Thought: a < b and b > a\nFinal Answer: x <b>y</b>", "1 a < b and b > a", "x <b>y</b>" },
            { "", "", "" },
            { "NUL\0 is no text", "", "NUL is no text" },
        };

    [Theory]
    [MemberData(nameof(Written))]
    public void What_models_write_becomes_steps_and_an_answer(string said, string steps, string answer)
    {
        Assert.Equal(new Outcome(steps, answer), Read([said]));
    }

    [Theory]
    [MemberData(nameof(Written))]
    public void Wherever_the_stream_is_cut_the_same_comes_out(string said, string steps, string answer)
    {
        var whole = new Outcome(steps, answer);
        for (var cut = 1; cut < said.Length; cut++)
        {
            Assert.Equal(whole, Read([said[..cut], said[cut..]]));
        }

        Assert.Equal(whole, Read([.. said.Select(letter => letter.ToString())]));
    }

    [Fact]
    public void Any_text_in_any_pieces_reads_as_it_does_whole()
    {
        string[] words =
        [
            "Thought: ",
            "**Thought 2:** ",
            "Action: ",
            "Confidence: 80%",
            "Final Answer: ",
            "<think>",
            "</think>",
            "```\n",
            "\n",
            "\n\n",
            "\r\n",
            "the rule",
            " is so. ",
            "{",
            "\"answer\": ",
            "}",
            ":",
            "*",
            "**",
            "Step 3: ",
            "1. ",
            "## ",
            "<answer>",
            "</answer>",
            "\0",
            "🙂",
            "Answer",
            "思考：",
        ];
        var random = new Random(6);
        for (var round = 0; round < 3000; round++)
        {
            var text = string.Concat(
                Enumerable.Range(0, random.Next(1, 14)).Select(_ => words[random.Next(words.Length)])
            );
            var isNative = random.Next(3) == 0;
            var whole = Read([text], isNative: isNative);
            var pieces = new List<string>();
            for (var at = 0; at < text.Length; )
            {
                var length = Math.Min(random.Next(1, 9), text.Length - at);
                pieces.Add(text.Substring(at, length));
                at += length;
            }

            Assert.True(whole == Read(pieces, isNative: isNative), text);
        }
    }

    [Fact]
    public void An_answer_flows_as_soon_as_it_is_announced()
    {
        var parser = new ReasoningParser(10, isNative: false);

        Assert.Equal("", parser.Feed("Thought: A.\nFinal Ans").Answer);
        var announced = parser.Feed("wer: Thir");
        Assert.Equal("Thir", announced.Answer);
        Assert.Equal("A.", Assert.Single(announced.Steps).Thought);
        Assert.Equal("ty", parser.Feed("ty").Answer);
    }

    [Fact]
    public void A_step_is_told_when_the_next_begins()
    {
        var parser = new ReasoningParser(10, isNative: false);

        Assert.Empty(parser.Feed("Thought: A.\nConfidence: 80%\n").Steps);
        Assert.Equal("A.", Assert.Single(parser.Feed("Thought: ").Steps).Thought);
    }

    [Fact]
    public void What_goes_beyond_the_limit_of_steps_is_in_the_last_one()
    {
        var said = string.Concat(
            Enumerable.Range(1, 6).Select(number => $"Thought: T{number}.\nConfidence: {number * 10}%\n")
        );

        Assert.Equal(
            new Outcome("1 T1. @0.1 | 2 T2. @0.2 | 3 T3.\nT4.\nT5.\nT6. @0.6", "So."),
            Read([said, "Final Answer: So."], mostSteps: 3)
        );
        Assert.Equal("1 T1.\nT2.\nT3.\nT4.\nT5.\nT6. @0.6", Read([said + "Final Answer: So."], mostSteps: 1).Steps);
    }

    [Fact]
    public void A_thought_that_the_limit_of_tokens_cut_is_no_answer()
    {
        var parser = new ReasoningParser(10, isNative: false);
        parser.Feed("Thought: A.\nThought: Perhaps it is for");

        Assert.Equal("", parser.Finish(isCut: true).Answer);
    }

    [Fact]
    public void Thoughts_that_come_apart_are_cut_into_steps_by_paragraph()
    {
        var parser = new ReasoningParser(10, isNative: true);
        var steps = new List<ReadStep>();
        var long1 = string.Join(' ', Enumerable.Repeat("The handbook has a rule on page three.", 4));
        foreach (var letter in $"**A heading**\n\n{long1}\n\nHm.\n\n{long1}\n\nThe last.")
        {
            steps.AddRange(parser.Think(letter.ToString()).Steps);
        }

        var answered = parser.Feed(
            "Thirty days: that is the rule, and nothing else is. It has been so for a long time."
        );
        steps.AddRange(answered.Steps);

        Assert.Equal([$"**A heading**\n\n{long1}", $"Hm.\n\n{long1}", "The last."], steps.Select(step => step.Thought));
        Assert.StartsWith("Thirty days: that", answered.Answer, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_thinks_by_itself_needs_no_label_though_it_was_asked_for_some()
    {
        var parser = new ReasoningParser(10, isNative: false);
        parser.Think("Hm.");
        var first = parser.Feed("Thirty days, that is the rule, and has been so for longer than anybody remembers. ");

        Assert.Equal("Hm.", Assert.Single(first.Steps).Thought);
        Assert.NotEqual("", first.Answer);
    }

    [Fact]
    public void Hundred_kilobytes_are_read_in_linear_time_and_none_of_the_answer_is_lost()
    {
        var answer = new StringBuilder();
        while (answer.Length < 100_000)
        {
            answer.Append("Final Answer: a > b: <c> ``` **d** ");
        }

        foreach (var before in (string[])["Thought: A.\nFinal Answer: ", "```\nThought: A.\nFinal Answer: "])
        {
            var read = Read([before + answer]).Answer;
            Assert.InRange(read.Length, answer.Length - 20, answer.Length);
        }

        // Without a label it is held for a while, and then is the answer.
        Assert.Equal(200_000, Read([new string(':', 200_000)]).Answer.Length);
        Assert.Equal(200_000, Read([new string('>', 200_000)]).Answer.Length);
        Assert.Equal("So.", Read(["Thought: " + new string(':', 200_000) + "\nFinal Answer: So."]).Answer);
        Assert.Equal(
            "So.",
            Read(["Thought: " + string.Concat(Enumerable.Repeat("<a>", 60_000)) + "\nFinal Answer: So."]).Answer
        );
    }

    [Theory]
    [InlineData("80 %", 0.8)]
    [InlineData("95%.", 0.95)]
    [InlineData("0.8", 0.8)]
    [InlineData("0,75", 0.75)]
    [InlineData("8/10", 0.8)]
    [InlineData("4 out of 5", 0.8)]
    [InlineData("85", 0.85)]
    [InlineData("1", 1.0)]
    [InlineData("100 percent", 1.0)]
    [InlineData("High", 0.9)]
    [InlineData("very low", 0.1)]
    [InlineData("mittel", 0.6)]
    [InlineData("150 %", null)]
    [InlineData("who knows", null)]
    [InlineData("", null)]
    public void Confidence_is_read_however_it_is_written(string said, double? expected)
    {
        Assert.Equal(expected, Confidence.Read(said));
    }

    private static Outcome Read(IReadOnlyList<string> pieces, int mostSteps = 10, bool isNative = false)
    {
        var parser = new ReasoningParser(mostSteps, isNative);
        var steps = new List<ReadStep>();
        var answer = new StringBuilder();
        foreach (var piece in pieces)
        {
            Note(parser.Feed(piece));
        }

        Note(parser.Finish(isCut: false));
        Assert.Equal(Enumerable.Range(1, steps.Count), steps.Select(step => step.Number));
        return new Outcome(string.Join(" | ", steps.Select(Told)), answer.ToString().Trim());

        void Note(ReasoningPiece read)
        {
            steps.AddRange(read.Steps);
            answer.Append(read.Answer);
        }
    }

    private static string Told(ReadStep step) =>
        FormattableString.Invariant(
            $"{step.Number} {step.Thought}{(step.Action is null ? "" : $" → {step.Action}")}{(step.Confidence is { } sure ? $" @{sure}" : "")}"
        );
}
