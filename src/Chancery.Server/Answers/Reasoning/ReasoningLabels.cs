using System.Text.RegularExpressions;

namespace Chancery.Server.Answers.Reasoning;

/// <summary>What a label announces.</summary>
internal enum LabelKind
{
    Step,
    Thought,
    Action,
    Observation,
    Confidence,
    Answer,
}

/// <summary>A label that was found.</summary>
/// <param name="Start">Where it begins in the line; what stands before belongs to what was said before.</param>
/// <param name="Emphasis">Marks of emphasis that were opened before it and are not closed yet.</param>
internal readonly record struct Label(LabelKind Kind, int Start, string Emphasis);

/// <summary>
/// The labels of the form that models are asked for, as they write them: bold, numbered, in headings, in lower case, in the language
/// of the question.
/// </summary>
internal static partial class ReasoningLabels
{
    /// <summary>No label with its number and marks is longer.</summary>
    public const int MaxLength = 64;

    private const string Steps = "step|schritt|étape|etape|paso|passo|stap|krok|шаг|步骤|步驟|ステップ|단계";
    private const string Thoughts =
        "thoughts?|thinking|reasoning|analysis|rationale|gedanken?|überlegung(?:en)?|begründung|pensées?|réflexion|"
        + "raisonnement|pensamiento|razonamiento|pensiero|ragionamento|pensamento|raciocínio|gedachte|myśl|мысль|"
        + "рассуждение|düşünce|思考|思路|推理|想法|생각";
    private const string Actions =
        "actions?|next action|aktion(?:en)?|handlung|acción|azione|ação|actie|działanie|действие|行动|行動|动作|행동";
    private const string Observations =
        "observations?|beobachtung|observación|osservazione|observação|наблюдение|观察|観察";
    private const string Confidences =
        "confidence(?: level| score)?|konfidenz|zuversicht|sicherheit|niveau de confiance|confiance|confianza|fiducia|"
        + "confiança|zekerheid|pewność|уверенность|置信度|信心|確信度|신뢰도";
    private const string Answers =
        "final answer|the final answer|my final answer|final response|answer|endgültige antwort|finale antwort|"
        + "abschließende antwort|antwort|réponse finale|réponse|respuesta final|respuesta|risposta finale|risposta|"
        + "resposta final|resposta|eindantwoord|definitief antwoord|antwoord|ostateczna odpowiedź|odpowiedź|"
        + "окончательный ответ|итоговый ответ|ответ|最终答案|最终回答|答案|最終回答|最終的な答え|答え|최종 답변|답변";

    // "**Step 2 - Thought (1)**", "### 3. Thought", "- *Thought #2*", "Schritt 1", "第一步".
    private const string AtStartPattern =
        @"^[ \t>#•·–—-]*(?:[*+][ \t]+)?(?<open>[*_]{1,3})?[ \t]*(?:[(\[]?\d{1,3}[.)\]/-]*[ \t]*)?(?<open2>[*_]{1,3})?[ \t]*"
        + "(?:(?<step>(?:(?:"
        + Steps
        + @")[ \t]*[#№]?\d{1,3}|第[一二三四五六七八九十\d]{1,3}步)[ \t]*[.)]?)[ \t]*(?:[-–—(][ \t]*)?)?"
        + "(?:(?<thought>"
        + Thoughts
        + ")|(?<action>"
        + Actions
        + ")|(?<observation>"
        + Observations
        + ")|(?<confidence>"
        + Confidences
        + ")|(?<answer>"
        + Answers
        + @"))?[ \t]*(?:[#№(]?\d{1,3}\)?)?\)?[ \t]*(?<close>[*_]{1,3})?[ \t]*$";

    private static readonly string[] AnswerWords = Answers.Split('|');

    /// <summary>The label that a line is up to its colon; null when it is none.</summary>
    public static Label? AtStart(string line)
    {
        if (line.Length > MaxLength)
        {
            return null;
        }

        var match = AtStartRegex().Match(line);
        if (!match.Success || KindOf(match) is not { } kind)
        {
            return null;
        }

        var opened = match.Groups["open"].Value + match.Groups["open2"].Value;
        return new Label(kind, 0, match.Groups["close"].Success ? "" : opened);
    }

    /// <summary>The label that begins in the middle of a line and ends where the line does: "It is so. Action: read on".</summary>
    public static Label? InMiddle(string line)
    {
        var from = Math.Max(0, line.Length - MaxLength);
        var match = InMiddleRegex().Match(line, from, line.Length - from);
        if (!match.Success)
        {
            return null;
        }

        var kind = match.Groups["word"].Value[0] switch
        {
            'T' => LabelKind.Thought,
            'A' => LabelKind.Action,
            'C' => LabelKind.Confidence,
            _ => LabelKind.Answer,
        };
        return new Label(
            kind,
            match.Groups["label"].Index,
            match.Groups["close"].Success ? "" : match.Groups["open"].Value
        );
    }

    /// <summary>Whether a text may still become the label of an answer.</summary>
    public static bool MayBecomeAnswer(string text)
    {
        var bare = text.TrimStart(' ', '\t', '>', '#', '*', '_').TrimEnd(' ', '\t', '*', '_');
        return bare.Length == 0
            || Array.Exists(AnswerWords, word => word.StartsWith(bare, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Without the label that it begins with, if any: thoughts between tags have labels, too.</summary>
    public static string WithoutLabel(string text)
    {
        var colon = text.AsSpan().IndexOfAny(':', '：');
        return colon is > 0 and <= MaxLength && AtStart(text[..colon]) is { Kind: LabelKind.Thought or LabelKind.Step }
            ? text[(colon + 1)..].TrimStart(' ', '\t', '*', '_', '\n')
            : text;
    }

    private static LabelKind? KindOf(Match match) =>
        match.Groups["thought"].Success ? LabelKind.Thought
        : match.Groups["action"].Success ? LabelKind.Action
        : match.Groups["observation"].Success ? LabelKind.Observation
        : match.Groups["confidence"].Success ? LabelKind.Confidence
        : match.Groups["answer"].Success ? LabelKind.Answer
        : match.Groups["step"].Success ? LabelKind.Step
        : null;

    [GeneratedRegex(AtStartPattern, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex AtStartRegex();

    // Only as the form has them: in the middle of a sentence the same words are words.
    [GeneratedRegex(
        @"(?:(?<=[.!?…。！？)\]%""”;,][ \t]*)|(?<=[ \t])(?=[*_F]))(?<label>(?<open>[*_]{1,3})?"
            + @"(?<word>Final Answer|Thought|Action|Confidence)[ \t]*\d{0,3}(?<close>[*_]{1,3})?)$",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex InMiddleRegex();
}
