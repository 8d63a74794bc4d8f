namespace Chancery.Documents;

/// <summary>How a page lies, and so how it is turned to be read.</summary>
internal enum Turn
{
    None,

    /// <summary>Lines run from top to bottom.</summary>
    Down,

    /// <summary>Lines run from bottom to top.</summary>
    Up,

    /// <summary>Upside down.</summary>
    Half,
}
