using Chancery.Server.Prompts.Templates;

namespace Chancery.Server.Prompts.Storing;

/// <summary>Names of labels that mean something to the product.</summary>
internal static class PromptLabel
{
    /// <summary>The version that is used unless another is named.</summary>
    public const string Production = "production";

    /// <summary>Lower-case letters, digits and dashes, 1 to 40, beginning with a letter.</summary>
    public static bool IsName(string text) =>
        text.Length is >= 1 and <= 40
        && char.IsAsciiLetterLower(text[0])
        && text.All(character =>
            char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character) || character == '-'
        );
}

/// <summary>A name that points at a version.</summary>
/// <param name="Name">production is the one that is used unless another is named.</param>
public sealed record PromptLabelView(string Name, int Version);

/// <summary>A prompt, without its words.</summary>
/// <param name="Name">Unique in the organisation.</param>
/// <param name="IsShipped">Whether it is one of the product's own, which it uses by itself.</param>
/// <param name="Latest">The number of the newest version.</param>
/// <param name="Production">The version that is used unless another is named.</param>
/// <param name="Rollout">The rollout that is running; left out where there is none.</param>
/// <param name="FollowsReleases">Of the product's own: whether it says what each release ships, as those words come to everybody. Not where the organisation keeps words of its own, or those of a release.</param>
public sealed record PromptSummary(
    Guid Id,
    string Name,
    string Description,
    bool IsShipped,
    int Latest,
    int Production,
    IReadOnlyList<PromptLabelView> Labels,
    Guid? Rollout,
    DateTimeOffset? CreatedAt,
    DateTimeOffset? UpdatedAt,
    bool FollowsReleases = false
);

/// <summary>What a prompt said at one version. It never changes.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Sha256">Of the content in its canonical form, in hexadecimal: the same words are the same version.</param>
/// <param name="Why">In the words of whoever wrote it.</param>
/// <param name="Author">The e-mail address or name of whoever wrote it; "Chancery" for what the product ships.</param>
public sealed record PromptVersionView(
    int Number,
    string Sha256,
    PromptContent Content,
    string? Why,
    string Author,
    DateTimeOffset? CreatedAt
);

/// <summary>A label that was moved.</summary>
/// <param name="From">Left out where the label was new.</param>
/// <param name="To">Left out where it was taken away.</param>
public sealed record LabelMove(
    string Label,
    int Number,
    int? From,
    int? To,
    string? Why,
    string Author,
    DateTimeOffset CreatedAt
);
