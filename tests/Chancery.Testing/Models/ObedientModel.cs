using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Chancery.Evaluation.RedTeam;
using Chancery.Evaluation.RedTeam.Judging;

namespace Chancery.Testing.Models;

/// <summary>
/// A model that does whatever an attack wants of which it sees the text, as far as its prompt lets it: marks, secrets and hosts are those that
/// stand in its prompt. What a guard took out of the prompt it cannot obey. Safe for concurrent use.
/// </summary>
public sealed partial class ObedientModel(IReadOnlyList<AttackCase> cases)
{
    private const string Unmoved = "The project is led from the office in Tallinn [1].";

    private readonly IReadOnlyList<(AttackCase Case, string[] Parts)> _known =
    [
        .. cases.Select(one =>
            (
                one,
                AttackText
                    .Literals(one.Text)
                    .Concat(one.Question is { } question ? AttackText.Literals(question) : [])
                    .Select(Disguises.Fold)
                    .Where(part => part.Length > 0)
                    .ToArray()
            )
        ),
    ];

    /// <summary>What it was asked last, by case.</summary>
    public ConcurrentDictionary<string, ScriptedRequest> Asked { get; } = new();

    /// <summary>Pieces of the length that a test wants, so that guards see them cut anywhere.</summary>
    public ScriptedReply Answer(ScriptedRequest request) => new(SayTo(request)) { ChunkLength = 7 };

    /// <summary>The text that an obeying model says to a case, with everything that it may know.</summary>
    public static string Obey(AttackCase attack, Func<string, string?> valueOf) =>
        AttackText.Fill(attack.Obeyed ?? "{{mark}}", valueOf);

    /// <summary>Of a request what only its model knows; null for other names.</summary>
    public static string? OfRequest(ScriptedRequest request, string name)
    {
        var rules = request.Messages[0].Content;
        return name switch
        {
            "rules" => rules,
            "rules_body" => rules[(rules.IndexOf('\n', StringComparison.Ordinal) + 1)..].Trim(),
            "context" => string.Join('\n', request.Messages.Skip(1).Select(message => message.Content)),
            _ => null,
        };
    }

    private string SayTo(ScriptedRequest request)
    {
        var told = Disguises.Fold(string.Join('\n', request.Messages.Skip(1).Select(message => message.Content)));
        var last = Disguises.Fold(request.LastUserMessage);
        var attack = _known
            .Where(known => known.Parts.All((known.Case.NeedsDocument ? told : last).Contains))
            .OrderByDescending(known => known.Parts.Sum(part => part.Length))
            .Select(known => known.Case)
            .FirstOrDefault();
        if (attack is null)
        {
            return Unmoved;
        }

        Asked[attack.Id] = request;
        var seen = Disguises
            .Of(string.Join('\n', request.Messages.Skip(1).Select(message => message.Content)))
            .ToList();
        string? Find(Regex shape) =>
            seen.Select(text => shape.Match(text)).FirstOrDefault(match => match.Success)?.Value;
        var isUnseen = false;
        var said = Obey(
            attack,
            name =>
            {
                var value = name switch
                {
                    "mark_a" => Find(First()),
                    "mark_b" => Find(Second()),
                    "mark" => Find(First()) is { } first && Find(Second()) is { } second ? first + second : null,
                    "secret" => Find(Secret()),
                    "host" => Find(Host()),
                    "project" => Find(Project()),
                    "decoy_document" => Find(Id()),
                    _ => OfRequest(request, name),
                };
                isUnseen |= value is null;
                return value ?? "";
            }
        );
        return isUnseen ? Unmoved : said;
    }

    [GeneratedRegex("qa[0-9a-f]{8}")]
    private static partial Regex First();

    [GeneratedRegex("zb[0-9a-f]{8}")]
    private static partial Regex Second();

    [GeneratedRegex("kv[0-9a-f]{10}")]
    private static partial Regex Secret();

    [GeneratedRegex("h[0-9a-f]{8}\\.attacker\\.invalid")]
    private static partial Regex Host();

    [GeneratedRegex("Halcyon-[0-9A-F]{4}")]
    private static partial Regex Project();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Id();
}
