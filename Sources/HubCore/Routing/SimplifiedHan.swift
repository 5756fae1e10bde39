/// The common characters that are written in one way in Taiwan and Hong Kong and in another on the mainland.
enum SimplifiedHan {
    /// The simplified form of a traditional character, or the character itself.
    static func simplified(_ scalar: Unicode.Scalar) -> Unicode.Scalar { table[scalar] ?? scalar }

    /// Pairs of a traditional and a simplified character.
    private static let pairs = """
        氣气電电網网頁页資资訊讯讀读寫写檔档創创刪删編编輯辑員员數数據据庫库時时間间會会議议開开關关閉闭請请問问檢检視视詢询尋寻買买賣卖價价錢钱\
        銀银匯汇證证號号碼码圖图畫画書书報报記记錄录錯错誤误說说話话語语譯译設设計计課课學学習习醫医藥药療疗診诊斷断傳传輸输發发郵邮聯联絡络係系\
        統统訂订單单購购車车輛辆鐵铁飛飞機机場场館馆廳厅飯饭廚厨點点樂乐聽听聲声響响劇剧頻频戲戏遊游覽览導导臺台灣湾國国際际區区縣县鄉乡鎮镇門门\
        戶户帳账雲云運运動动執执環环變变換换轉转對对較较選选擇择項项標标題题類类別别範范圍围內内過过濾滤總总結结論论評评審审覈核確确認认權权專专\
        業业務务財财稅税貨货幣币產产倉仓儲储備备歷历紀纪曆历週周測测試试驗验規规則则預预溫温濕湿風风陽阳陰阴災灾險险護护衛卫復复現现實实體体優优\
        費费額额貸贷債债雙双個个們们來来從从後后還还進进達达連连線线鏈链節节長长寬宽參参與与處处領领夠够覺觉見见觀观親亲愛爱歡欢謝谢幫帮嗎吗麼么\
        誰谁這这裡里裏里為为無无沒没應应該该將将讓让給给經经級级緊紧繼继續续絕绝綠绿紅红藍蓝黃黄顏颜條条構构樣样極极樓楼橋桥歸归殺杀毀毁漢汉滿满\
        漲涨潔洁濟济爭争爾尔獎奖獨独獲获瑪玛畢毕異异當当監监盤盘衆众眾众礎础禮礼種种稱称積积窮穷競竞筆笔簡简簽签糧粮純纯紙纸組组細细終终繪绘羅罗\
        聞闻職职聰聪肅肃脈脉腦脑臨临舉举舊旧艙舱藝艺虛虚術术補补裝装製制複复觸触訓训訪访註注詞词詳详誌志調调諮咨識识譜谱負负貢贡貼贴貿贸賓宾賬账\
        賽赛贊赞贏赢趕赶跡迹輕轻載载輪轮辦办農农遞递遠远適适遲迟遷迁釋释針针鈴铃鍵键鎖锁鏡镜鐘钟閱阅隊队階阶隨随難难雜杂離离靜静頂顶順顺須须頭头\
        顧顾願愿顯显飲饮養养餘余驅驱驚惊髮发鬥斗魚鱼鳥鸟鹽盐麗丽齊齐龍龙壓压團团圓圆塊块壞坏夢梦奪夺婦妇媽妈孫孙寧宁寶宝層层屬属島岛師师帶带幹干\
        廣广廢废張张強强彈弹徵征徑径態态慣惯憶忆懷怀戰战擁拥擊击擴扩擺摆擾扰攝摄敵敌斂敛暫暂曉晓東东榮荣樹树檯台帐账準准於于麵面緒绪擔担鬧闹貓猫\
        嬰婴懇恳懸悬鍾钟鑰钥贈赠飾饰衝冲閃闪閒闲閑闲閣阁鬆松麥麦黨党齡龄齒齿龜龟
        """

    private static let table: [Unicode.Scalar: Unicode.Scalar] = {
        let scalars = Array(pairs.unicodeScalars)
        var table: [Unicode.Scalar: Unicode.Scalar] = [:]
        for place in stride(from: 0, to: scalars.count - 1, by: 2) where scalars[place] != scalars[place + 1] {
            table[scalars[place]] = scalars[place + 1]
        }
        return table
    }()
}
