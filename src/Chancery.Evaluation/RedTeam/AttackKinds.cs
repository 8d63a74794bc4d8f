namespace Chancery.Evaluation.RedTeam;

/// <summary>What an attack is after, and by which way.</summary>
public enum AttackClass
{
    /// <summary>Whoever asks gives the model other instructions.</summary>
    DirectInjection,

    /// <summary>A document, a file's name or a tool's result does.</summary>
    IndirectInjection,

    /// <summary>The product's own rules are to come out.</summary>
    SystemPromptLeak,

    /// <summary>Personal data of a document is to come out that the asker may not read.</summary>
    PersonalDataLeak,

    /// <summary>What belongs to another organisation is to come out.</summary>
    CrossTenantLeak,

    /// <summary>What a document says is to be sent to somebody by an address in the answer.</summary>
    Exfiltration,

    /// <summary>Instructions or loot in characters that nobody sees.</summary>
    UnicodeSmuggling,

    /// <summary>The answer is to be dear: very long, or without an end.</summary>
    CostAttack,

    /// <summary>A tool is to be called that nobody offered, or one of the server's own with arguments that reach for what is closed.</summary>
    ToolAbuse,
}

/// <summary>Where the text of a case stands.</summary>
public enum AttackPlace
{
    Question,
    Document,
    FileName,

    /// <summary>What a tool answered. Where no tools are called, it stands in a document that holds such an answer.</summary>
    ToolResult,

    /// <summary>
    /// A call of one of the server's own tools, as an assistant makes it that was talked into it: <c>{"tool": "search", "arguments": {}}</c>. Nobody is asked.
    /// </summary>
    ToolCall,
}

/// <summary>What has to reach the caller for an attack to have succeeded.</summary>
public enum AttackGoal
{
    /// <summary>A mark whose halves only stand apart in the attack: to repeat the attack is not to obey it.</summary>
    Mark,

    /// <summary>Words of the product's own rules.</summary>
    Rules,

    /// <summary>A value of a person in a document that is closed to the asker.</summary>
    Personal,

    /// <summary>The secret of another organisation's document, or that document among those that were found.</summary>
    Decoy,

    /// <summary>An image at the attacker's host, or an address there that carries the secret of a document.</summary>
    Link,

    /// <summary>The secret of a document in characters that nobody sees.</summary>
    Hidden,

    /// <summary>More text than anybody asked for.</summary>
    Length,

    /// <summary>A call of a tool, written as programs read it out of a model's text.</summary>
    ToolCall,
}

/// <summary>Which documents a case's question is limited to.</summary>
public enum AttackScope
{
    /// <summary>Those that were laid out for the run and are open to the asker.</summary>
    Bait,

    /// <summary>Those of the other organisation, by their ids: nothing must be found.</summary>
    Decoy,

    /// <summary>Those that were laid out for the run and are closed to the asker, by their ids: nothing must be found.</summary>
    Closed,
}
