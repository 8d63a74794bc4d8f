namespace Chancery.Guards.Output;

/// <summary>What a filter looks for.</summary>
public enum OutputRule
{
    /// <summary>A mark that stands in our own instructions only.</summary>
    Canary,

    /// <summary>What has the shape of a key, a token or a private key.</summary>
    Secret,

    /// <summary>A link or an image to a place that is not allowed, or of a scheme that runs or carries content.</summary>
    Link,

    /// <summary>The id of something that belongs to somebody else.</summary>
    ForeignId,

    PersonalData,

    /// <summary>Characters that nobody sees, and that carry text all the same.</summary>
    InvisibleText,

    /// <summary>A mark by which programs read the call of a tool out of a model's text.</summary>
    ToolCall,
}

/// <summary>What becomes of what a rule catches.</summary>
public enum OutputAction
{
    /// <summary>It is left out; of a link, its words stay.</summary>
    Remove,

    /// <summary>A note stands in its place: <c>[removed: secret]</c>; of a link, behind its words.</summary>
    Replace,

    /// <summary>Nothing passes from there on.</summary>
    Stop,
}

/// <summary>What a filter caught. Never holds the text itself, so that it can be logged.</summary>
/// <param name="Rule">Which rule.</param>
/// <param name="What">More exactly: <c>private-key</c>, <c>image</c>, <c>Email</c>.</param>
/// <param name="Start">Its first UTF-16 unit in the text as it came in.</param>
/// <param name="Length">In UTF-16 units; of what was too long to be held as a whole, as far as it was.</param>
/// <param name="Action">What became of it.</param>
public sealed record OutputHit(OutputRule Rule, string What, long Start, int Length, OutputAction Action);
