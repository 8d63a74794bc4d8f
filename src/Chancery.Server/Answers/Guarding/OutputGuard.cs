using System.Text;
using Chancery.Guards.Output;
using Chancery.Guards.PersonalData;
using Chancery.Server.Access.Organizations;
using Chancery.Server.Answers.Writing;

namespace Chancery.Server.Answers.Guarding;

/// <summary>What a guard found.</summary>
internal static class GuardHit
{
    /// <summary>Something of the shape of a provider's key, a token or a private key.</summary>
    public const string Secret = "secret";

    /// <summary>A mark that stands in our own instructions only.</summary>
    public const string Instructions = "instructions";

    /// <summary>An address that the model was not told, or an image.</summary>
    public const string Link = "link";

    /// <summary>The id of something that the model was not told.</summary>
    public const string Id = "id";

    /// <summary>Characters that nobody sees.</summary>
    public const string Invisible = "invisible";

    /// <summary>A mark by which programs read the call of a tool out of an answer.</summary>
    public const string ToolCall = "tool_call";

    /// <summary>Personal data that the model was not told, where the organisation wants none.</summary>
    public const string PersonalData = "personal_data";

    /// <summary>In an upgraded prompt, an instruction or personal data that comes from a passage or from nowhere.</summary>
    public const string Foreign = "foreign";
}

/// <summary>
/// Stands between a model and whoever reads its answer: what has the shape of a secret does not pass, nor do marks of our own
/// instructions; addresses and ids that the model was not told are taken out, and a note stands in their place; personal data that it was not told,
/// as the organisation says. Wherever the stream is cut. For one answer; not safe for concurrent use. Linear in the text.
/// </summary>
/// <remarks>
/// Text passes word by word, line by line where personal data is taken out, and what is in brackets or in a tag as a whole. After a hit nothing passes any more; what passed before
/// is not taken back.
/// </remarks>
internal sealed class OutputGuard
{
    // Names, places and addresses are guesses, which would take harmless words out of answers.
    private static readonly PersonalDataOptions Wanted = PersonalDataOptions.Default with
    {
        Kinds = PersonalDataOptions.StructuredKinds,
    };

    private readonly OutputFilterOptions _options;
    private readonly OutputFilter _filter;
    private readonly RuleEcho? _echo;

    // Of thoughts as they come, of thoughts alone and of actions alone: what stands between is no way around.
    private readonly RuleEcho[] _echoesOfThoughts;
    private readonly StringBuilder? _counted;
    private readonly StringBuilder? _countedElsewhere;
    private readonly List<string> _removedElsewhere = [];
    private readonly ToldText? _told;

    /// <param name="marks">Of our own instructions, at least 16 letters or digits each.</param>
    /// <param name="told">What the model was told; null where addresses and ids may be any.</param>
    /// <param name="echo">Knows our own instructions; null where their marks are enough.</param>
    /// <param name="rules">What the organisation says of links and personal data that the model was not told.</param>
    /// <param name="isAsked">
    /// Whether whoever reads it wrote all that the model was told, and may want an id or an address of it: ids may be any then, and addresses and images,
    /// too, unless the organisation names hosts.
    /// </param>
    public OutputGuard(
        IReadOnlyList<string> marks,
        ToldText? told = null,
        RuleEcho? echo = null,
        AnswerRules? rules = null,
        bool isAsked = false
    )
    {
        var personalData = rules?.PersonalData ?? PersonalDataRule.Off;
        _echo = echo;
        _echoesOfThoughts = echo is null ? [] : [echo.Again(), echo.Again(), echo.Again()];
        _told = told;
        _counted = personalData == PersonalDataRule.Count ? new() : null;
        _countedElsewhere = _counted is null ? null : new();
        _options = new() { Canaries = marks, OnLink = null };
        if (told is not null)
        {
            _options = _options with
            {
                OnLink = isAsked && rules is not { LinkHosts.Count: > 0 } ? null : OutputAction.Replace,
                AllowedAddresses = told.Addresses,
                AllowedHosts = rules?.LinkHosts ?? [],
                AllowsImages = false,
                IsForeignId = isAsked ? null : told.IsForeign,
                OnToolCall = OutputAction.Replace,
            };
        }

        if (personalData is PersonalDataRule.Redact or PersonalDataRule.Refuse)
        {
            _options = _options with
            {
                PersonalData = Wanted,
                IsKnownPersonalData = told is null ? null : told.IsTold,
                OnPersonalData = personalData == PersonalDataRule.Refuse ? OutputAction.Stop : OutputAction.Replace,
            };
        }

        _filter = new(_options);
    }

    /// <summary>
    /// <see cref="GuardHit.Secret"/>, <see cref="GuardHit.Instructions"/> or <see cref="GuardHit.PersonalData"/>; null as long as there is none.
    /// </summary>
    public string? Hit =>
        _echo is { IsHeard: true } ? GuardHit.Instructions
        : _filter.IsStopped ? NameOf(_filter.Hits[^1].Rule)
        : null;

    /// <summary>What was taken out so far, here and of other texts of the model, each of <see cref="GuardHit"/> once.</summary>
    public IReadOnlyList<string> Removed => [.. RemovedBy(_filter.Hits).Concat(_removedElsewhere).Distinct()];

    /// <summary>What of it may pass now, after what was held back before.</summary>
    public string Feed(string text) => Counted(Unechoed(_filter.Append(text)));

    /// <summary>After the last piece.</summary>
    public string Finish() => Counted(Unechoed(_filter.Complete()));

    /// <summary>
    /// How much personal data that the model was not told stands in what passed here and of other texts of the model, each value once, where it is only
    /// counted.
    /// </summary>
    public int CountPersonalData()
    {
        if (_counted is null)
        {
            return 0;
        }

        var text = $"{_counted}{_countedElsewhere}";
        return PersonalDataDetector
            .Find(text, Wanted)
            .Select(span => text.Substring(span.Start, span.Length))
            .Distinct(StringComparer.Ordinal)
            .Count(value => _told?.IsTold(value) != true);
    }

    /// <summary>What a whole text holds that must not pass at all; null for nothing.</summary>
    public static string? Find(string text, IReadOnlyList<string> marks)
    {
        var guard = new OutputGuard(marks);
        guard.Feed(text);
        guard.Finish();
        return guard.Hit;
    }

    /// <summary>What another text of the same model, whole, holds that must not pass at all; null for nothing.</summary>
    public string? HitIn(string text) => StopIn(text) ?? (Echoes(text) ? GuardHit.Instructions : null);

    /// <summary>
    /// The same of a thought, which can be left out whole: that it tells our rules without their mark is no reason to end the answer then, and
    /// <see cref="LeavesOut"/> says so.
    /// </summary>
    public string? StopIn(string text) =>
        OutputFilter.Apply(text, _options).Hits is [.., { Action: OutputAction.Stop } hit] ? NameOf(hit.Rule) : null;

    /// <summary>
    /// Whether the next thought has to be left out, as by it the thoughts so far tell our own rules, however they are dealt over them; each one after
    /// it, too. It counts as taken out.
    /// </summary>
    public bool LeavesOut(string thought, string? action)
    {
        if (_echoesOfThoughts is not [var all, var thoughts, var actions])
        {
            return false;
        }

        var (considered, next) = (Filtered(thought), Filtered(action ?? ""));
        all.Pass(considered);
        all.Pass(next);
        thoughts.Pass(considered);
        actions.Pass(next);
        if (!_echoesOfThoughts.Any(echo => echo.IsHeard))
        {
            return false;
        }

        _removedElsewhere.Add(GuardHit.Instructions);
        return true;
    }

    /// <summary>Another text of the same model, whole, without what is taken out. What stops an answer ends it.</summary>
    public string Clean(string text)
    {
        var (passed, hits) = OutputFilter.Apply(text, _options);
        passed = _echo is null ? passed : _echo.Again().Pass(passed);
        _removedElsewhere.AddRange(RemovedBy(hits));
        _countedElsewhere?.Append('\n').Append(passed);
        return passed;
    }

    /// <summary>Another text of the same model, whole: all of it without what is taken out, or what it holds that must not pass at all.</summary>
    public (string? Text, string? Hit) Whole(string text) => HitIn(text) is { } hit ? (null, hit) : (Clean(text), null);

    /// <summary>
    /// The same for a text that may be read as JSON: what is written as <c>\u0073</c> is an s. As it was written, unless only what JSON hides has to be
    /// taken out.
    /// </summary>
    public (string? Text, string? Hit) WholeEscaped(string text)
    {
        var plain = JsonEscapes.Undo(text);
        if ((HitIn(text) ?? HitIn(plain)) is { } hit)
        {
            return (null, hit);
        }

        var cleaned = OutputFilter.Apply(text, _options).Text;
        return (Clean(OutputFilter.Apply(JsonEscapes.Undo(cleaned), _options).Hits.Count > 0 ? plain : text), null);
    }

    private bool Echoes(string text)
    {
        if (_echo?.Again() is not { } echo)
        {
            return false;
        }

        echo.Pass(Filtered(text));
        return echo.IsHeard;
    }

    private string Filtered(string text) => OutputFilter.Apply(text, _options).Text;

    private string Unechoed(string text) => _echo is null ? text : _echo.Pass(text);

    private string Counted(string text)
    {
        _counted?.Append(text);
        return text;
    }

    private static IEnumerable<string> RemovedBy(IReadOnlyList<OutputHit> hits) =>
        hits.Where(hit => hit.Action != OutputAction.Stop).Select(hit => NameOf(hit.Rule));

    private static string NameOf(OutputRule rule) =>
        rule switch
        {
            OutputRule.Canary => GuardHit.Instructions,
            OutputRule.Secret => GuardHit.Secret,
            OutputRule.Link => GuardHit.Link,
            OutputRule.ForeignId => GuardHit.Id,
            OutputRule.InvisibleText => GuardHit.Invisible,
            OutputRule.PersonalData => GuardHit.PersonalData,
            OutputRule.ToolCall => GuardHit.ToolCall,
            _ => throw new System.Diagnostics.UnreachableException($"Unhandled rule {rule}."),
        };
}
